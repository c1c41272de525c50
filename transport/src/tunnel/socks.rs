//! SOCKS 5 (RFC 1928), with a user name and a password (RFC 1929) or without.

use std::fmt;
use std::net::IpAddr;

use super::{Refusal, Turn};
use crate::place::bare;
use crate::proxy::User;

/// The talk with a SOCKS proxy.
pub(super) struct Socks {
    to_send: Vec<u8>,
    expected: Expected,
    /// Of what is expected.
    received: Vec<u8>,
    /// The message that carries user name and password.
    login: Option<Vec<u8>>,
    /// The message that asks for the tunnel; none if the host's name does not fit into it.
    request: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// How to say who one is.
    Method,
    /// Whether user name and password are right.
    Verdict,
    /// The answer to the request, up to the first byte of the address.
    Answer,
    /// This much more of it.
    Rest(usize),
    /// Nothing more: the tunnel is open.
    Nothing,
}

impl Socks {
    pub(super) fn new(user: Option<&User>, host: &str, port: u16) -> Self {
        let methods: &[u8] = match user {
            Some(_) => &[VERSION, 2, NO_LOGIN, PASSWORD],
            None => &[VERSION, 1, NO_LOGIN],
        };
        Self {
            to_send: methods.to_vec(),
            expected: Expected::Method,
            received: Vec::new(),
            login: user.and_then(login),
            request: request(host, port),
        }
    }

    pub(super) fn turn(&mut self) -> Turn {
        if !self.to_send.is_empty() {
            return Turn::Send(std::mem::take(&mut self.to_send));
        }
        // No more than is expected: what follows is not the proxy's.
        match self.expected.length().checked_sub(self.received.len()) {
            None | Some(0) => Turn::Open,
            Some(missing) => Turn::Receive(missing),
        }
    }

    pub(super) fn received(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.received.extend_from_slice(bytes);
        let version = match self.expected {
            Expected::Verdict => LOGIN_VERSION,
            _ => VERSION,
        };
        let is_rest = matches!(self.expected, Expected::Rest(_));
        if bytes.is_empty() || !is_rest && self.received[0] != version {
            return Err(Refusal::now("it does not answer in SOCKS 5"));
        }
        // A refusal counts at once: some proxies say no more than that.
        if self.expected == Expected::Answer
            && let Some(code) = self.received.get(1)
            && *code != GRANTED
        {
            return Err(refusal(*code));
        }
        if self.received.len() < self.expected.length() {
            return Ok(());
        }
        let message = std::mem::take(&mut self.received);
        self.advance(&message)
    }

    /// Goes on after `message`, which is complete.
    fn advance(&mut self, message: &[u8]) -> Result<(), Refusal> {
        self.expected = match self.expected {
            Expected::Method => match (message[1], self.login.take()) {
                (NO_LOGIN, _) => self.ask()?,
                (PASSWORD, Some(login)) => {
                    self.to_send = login;
                    Expected::Verdict
                }
                (_, None) => return Err(Refusal::forever("it wants a user name and a password")),
                (_, Some(_)) => return Err(Refusal::forever("it takes no user name and password")),
            },
            Expected::Verdict if message[1] != GRANTED => {
                return Err(Refusal::forever(
                    "it does not take the user name and the password",
                ));
            }
            Expected::Verdict => self.ask()?,
            Expected::Answer => Expected::Rest(match message[3] {
                IPV4 => 4 - 1 + 2,
                IPV6 => 16 - 1 + 2,
                NAME => usize::from(message[4]) + 2,
                _ => return Err(Refusal::now("it does not answer in SOCKS 5")),
            }),
            Expected::Rest(_) | Expected::Nothing => Expected::Nothing,
        };
        Ok(())
    }

    fn ask(&mut self) -> Result<Expected, Refusal> {
        let Some(request) = self.request.take() else {
            return Err(Refusal::forever("the host's name is longer than 255 bytes"));
        };
        self.to_send = request;
        Ok(Expected::Answer)
    }
}

impl Expected {
    fn length(self) -> usize {
        match self {
            Self::Method | Self::Verdict => 2,
            Self::Answer => 5,
            Self::Rest(length) => length,
            Self::Nothing => 0,
        }
    }
}

impl fmt::Debug for Socks {
    /// Without what is to be sent, which may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socks")
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

/// None if they are too long.
fn login(User { name, password }: &User) -> Option<Vec<u8>> {
    let mut message = vec![LOGIN_VERSION, u8::try_from(name.len()).ok()?];
    message.extend_from_slice(name);
    message.push(u8::try_from(password.len()).ok()?);
    message.extend_from_slice(password);
    Some(message)
}

fn request(host: &str, port: u16) -> Option<Vec<u8>> {
    let mut message = vec![VERSION, CONNECT, 0];
    match bare(host).parse() {
        Ok(IpAddr::V4(address)) => {
            message.push(IPV4);
            message.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            message.push(IPV6);
            message.extend_from_slice(&address.octets());
        }
        Err(_) => {
            message.push(NAME);
            message.push(u8::try_from(host.len()).ok()?);
            message.extend_from_slice(host.as_bytes());
        }
    }
    message.extend_from_slice(&port.to_be_bytes());
    Some(message)
}

/// RFC 1928, section 6.
fn refusal(code: u8) -> Refusal {
    match code {
        2 => Refusal::forever("its rules forbid it"),
        3 => Refusal::now("it cannot reach the network"),
        4 => Refusal::now("it cannot reach the host, or does not know its name"),
        5 => Refusal::now("the host refuses the connection"),
        6 => Refusal::now("the host is too far away for it"),
        8 => Refusal::forever("it does not take this kind of address"),
        other => Refusal::now(format!("it answers {other}")),
    }
}

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const GRANTED: u8 = 0;

const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

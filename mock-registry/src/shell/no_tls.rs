//! What stands for TLS in a build without cryptography.

use std::net::IpAddr;

use tokio::net::TcpStream;

use super::StartError;
use crate::fault::TlsFault;

/// What a TLS server is: there is none.
#[derive(Clone)]
pub(super) enum Identity {}

impl Identity {
    pub(super) fn new(_address: IpAddr) -> Result<Self, StartError> {
        Err(StartError::NoTls)
    }

    pub(super) fn ca_pem(&self) -> String {
        match *self {}
    }

    pub(super) async fn accept(
        self,
        _stream: TcpStream,
        _address: IpAddr,
        _fault: Option<TlsFault>,
    ) -> Option<TcpStream> {
        match self {}
    }
}

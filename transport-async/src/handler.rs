//! What a session tells its caller, and the one thing it asks.

use std::future::{Future, ready};

use longshore_protocol::{BlobProgress, Credentials, CredentialsRequest, Event};

/// Hears the news of a push and finds credentials for it.
///
/// Every method is called by the future that drives the session, never two at once, and has a
/// default that does nothing: `()` pushes in silence and anonymously. Uploads go on while a method
/// runs, but nothing new is started, so only [`credentials`](Self::credentials) should take long.
///
/// An implementation may write `async fn credentials`:
///
/// ```
/// use longshore_async::Handler;
/// use longshore_async::protocol::{Credentials, CredentialsRequest};
///
/// struct Vault;
///
/// impl Handler for Vault {
///     async fn credentials(&mut self, _: &CredentialsRequest) -> Option<Credentials> {
///         Some(Credentials::password("alice", "secret"))
///     }
/// }
/// ```
pub trait Handler: Send {
    /// Finds credentials. `None` means that there are none; the
    /// [`reason`](CredentialsRequest::reason) says what follows from that.
    ///
    /// May ask a person: what needs the credentials waits, and nothing times out meanwhile except
    /// what is in the air already. When the future that drives the session is dropped, so is this
    /// one, and the question is asked anew by the next that drives.
    fn credentials(
        &mut self,
        request: &CredentialsRequest,
    ) -> impl Future<Output = Option<Credentials>> + Send {
        let _ = request;
        ready(None)
    }

    /// Hears a piece of news, in order.
    fn event(&mut self, event: &Event) {
        let _ = event;
    }

    /// Sees how far every blob is: about ten times a second while the session is driven, after
    /// each answer, and at the end.
    fn progress(&mut self, progress: &mut dyn Iterator<Item = BlobProgress>) {
        let _ = progress;
    }
}

impl Handler for () {}

impl<H: Handler + ?Sized> Handler for &mut H {
    fn credentials(
        &mut self,
        request: &CredentialsRequest,
    ) -> impl Future<Output = Option<Credentials>> + Send {
        (**self).credentials(request)
    }

    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }

    fn progress(&mut self, progress: &mut dyn Iterator<Item = BlobProgress>) {
        (**self).progress(progress);
    }
}

impl<H: Handler> Handler for Box<H> {
    fn credentials(
        &mut self,
        request: &CredentialsRequest,
    ) -> impl Future<Output = Option<Credentials>> + Send {
        (**self).credentials(request)
    }

    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }

    fn progress(&mut self, progress: &mut dyn Iterator<Item = BlobProgress>) {
        (**self).progress(progress);
    }
}

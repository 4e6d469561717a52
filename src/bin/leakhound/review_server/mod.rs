//! The review page: a small server for the browser of this machine, one person at a time.
//!
//! Of all commands this one alone opens a socket, and it is not a scan: it listens on 127.0.0.1, calls nobody, and ends
//! with Ctrl-C. `guard` says who is let in, `api` what is answered, `cards` is the list, `audio` finds and cuts what is listened to.
//!
//! There is no cookie, so nothing that a browser would send by itself: each request carries the token, that of the
//! page in its address, all others in a header. The token is made anew at each start.

mod api;
mod audio;
mod cards;
mod guard;

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use leakhound::base::hex;
use oxhttp::Server;

use crate::args::{Global, ReviewList};
use crate::exit::Exit;
use crate::out::Out;
use crate::review_queue::ReviewQueue;
use crate::setup;

/// A connection that says nothing for so long is closed.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A browser opens six.
const MAX_CONNECTIONS: usize = 16;
/// Bytes of the token's randomness.
const TOKEN_BYTES: usize = 32;

/// Serves the page until Ctrl-C.
pub(crate) fn serve(global: &Global, wanted: &ReviewList) -> anyhow::Result<Exit> {
    let docket = ReviewQueue::open(global, wanted.run)?;
    let stop = setup::stop_flag()?;
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        anyhow::anyhow!("the system has no random numbers for the token: {error}")
    })?;
    let token = hex(&bytes);
    let port = match wanted.port {
        Some(port) => port,
        None => free_port().context("there is no free port on 127.0.0.1")?,
    };
    let desk = api::ReviewServer {
        guard: guard::Guard { port, token: token.clone() },
        audio: audio::Audio::new(
            setup::ingester(&docket.home, global.decoding()),
            &docket,
            wanted.dump.clone(),
        )?,
        global: global.clone(),
        board: Mutex::new(api::Board::new(docket)?),
    };
    let server = Server::new(move |request| desk.answer(request))
        .bind((Ipv4Addr::LOCALHOST, port))
        .with_global_timeout(TIMEOUT)
        .with_max_concurrent_connections(MAX_CONNECTIONS);
    let _listening = server
        .spawn()
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}; is the port taken?"))?;
    let mut out = Out::lock();
    writeln!(out, "http://127.0.0.1:{port}/?token={token}")?;
    if !global.quiet {
        writeln!(
            out,
            "open this address in a browser of this machine; whoever has it can decide. Ctrl-C ends it"
        )?;
    }
    out.flush()?;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Exit::Clear)
}

/// A port that was free a moment ago.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

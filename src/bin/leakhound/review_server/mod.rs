//! The review page: a small HTTP server for a browser on this machine and one person at a time.
//!
//! This is the only command that opens a socket. It listens on 127.0.0.1, makes no connection itself, and ends with
//! Ctrl-C. `guard` decides who is let in, `api` answers; the list, the decisions and the audio
//! are the library's ([`leakhound::review`]).
//!
//! There is no cookie, so nothing that a browser would send by itself. Every request carries a token: in the address of
//! the page and its parts, in a header everywhere else. Each start makes a new token.

mod api;
mod guard;

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use leakhound::base::hex;
use leakhound::review::{Audio, Board, ReviewQueue};
use oxhttp::Server;

use crate::args::{Global, ReviewList};
use crate::exit::Exit;
use crate::out::Out;
use crate::{home, setup};

/// A connection without traffic for this long is closed. A guess.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Most connections at a time. A browser opens six to one host; a guess beyond that.
const MAX_CONNECTIONS: usize = 16;
/// Random bytes of the token: 256 bits, beyond any guessing.
const TOKEN_BYTES: usize = 32;

/// Serves the page until Ctrl-C.
pub(crate) fn serve(global: &Global, wanted: &ReviewList) -> anyhow::Result<Exit> {
    let queue = ReviewQueue::open(&home::home(global)?, wanted.run)?;
    let stop = setup::stop_flag()?;
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        anyhow::anyhow!("the system gives no random numbers for the token: {error}")
    })?;
    let token = hex(&bytes);
    let port = match wanted.port {
        Some(port) => port,
        None => free_port().context("there is no free port on 127.0.0.1")?,
    };
    let answers = api::ReviewServer {
        guard: guard::Guard { port, token: token.clone() },
        audio: Audio::new(
            setup::session(global)?.ingester(),
            &queue.run().key.roots,
            wanted.dump.clone(),
        )?,
        global: global.clone(),
        board: Mutex::new(Board::new(queue)?),
        home: home::home(global)?,
        notices: Mutex::default(),
    };
    let server = Server::new(move |request| answers.answer(request))
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
            "open this address in a browser on this machine; anyone who has it can decide. Ctrl-C ends the page"
        )?;
    }
    out.flush()?;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Exit::Clear)
}

/// A port that was free a moment ago. Another program may take it before the server does.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

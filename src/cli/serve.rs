//! The smallest HTTP server that scrapers need: GET of short paths, one answer per connection, with limits on everything.
//!
//! Knows no page: what a path answers is told by a function.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longest head of a request in bytes.
const MAX_HEAD: usize = 16 << 10;
/// Connections that are served at once; more are closed at once.
const MAX_CONNECTIONS: usize = 64;
/// Longest time that reading a request or writing an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause after an error of the listener, for example when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// What a path answers.
pub enum Answer {
    /// A page in the text format of Prometheus.
    Page(String),
    /// Other text.
    Text(String),
    /// The server that it stands for is down.
    Down,
    /// There is nothing.
    Missing,
}

/// Serves until the process ends.
///
/// # Errors
/// The listener cannot be used at all.
pub fn serve(listener: &TcpListener, answer: impl Fn(&str) -> Answer + Sync) -> io::Result<()> {
    listener.local_addr()?;
    let open = AtomicUsize::new(0);
    thread::scope(|scope| {
        loop {
            let Ok((stream, _)) = listener.accept() else {
                thread::sleep(PAUSE);
                continue;
            };
            if open.load(Ordering::Relaxed) >= MAX_CONNECTIONS {
                continue;
            }
            open.fetch_add(1, Ordering::Relaxed);
            let (open, answer) = (&open, &answer);
            let served = thread::Builder::new().spawn_scoped(scope, move || {
                // A scraper that goes away in between is no error.
                let _ = one(stream, answer);
                open.fetch_sub(1, Ordering::Relaxed);
            });
            if served.is_err() {
                open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    })
}

fn one(mut stream: TcpStream, answer: &impl Fn(&str) -> Answer) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(head) = head(&mut stream)? else { return Ok(()) };
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let (status, kind, body) = match method {
        "GET" | "HEAD" => match answer(path) {
            Answer::Page(text) => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", text),
            Answer::Text(text) => ("200 OK", "text/plain; charset=utf-8", text),
            Answer::Down => ("503 Service Unavailable", "text/plain; charset=utf-8", "down\n".to_owned()),
            Answer::Missing => ("404 Not Found", "text/plain; charset=utf-8", "not found\n".to_owned()),
        },
        _ => ("405 Method Not Allowed", "text/plain; charset=utf-8", "only GET\n".to_owned()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method != "HEAD" {
        stream.write_all(body.as_bytes())?;
    }
    stream.flush()
}

/// Reads the head of a request and returns its first line; `None` if it is too long, too slow, or no text.
fn head(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let start = Instant::now();
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let left = PATIENCE.saturating_sub(start.elapsed());
        if left.is_zero() || head.len() > MAX_HEAD {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(None);
        }
        head.extend_from_slice(buffer.get(..n).unwrap_or_default());
    }
    let head = String::from_utf8(head).ok();
    Ok(head.and_then(|h| h.lines().next().map(str::to_owned)))
}

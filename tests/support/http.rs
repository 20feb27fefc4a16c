//! The smallest HTTP that the live test needs: a server of pages on the loopback, and a client of Prometheus' API.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Context, Result};

/// Makes the body of a path; `None` is 404.
pub type Pages = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Serves pages until the process ends. Returns where.
pub fn serve(pages: Arc<Pages>) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("bind")?;
    let address = listener.local_addr().context("address")?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let pages = pages.clone();
            thread::spawn(move || answer(stream, pages.as_ref()));
        }
    });
    Ok(address)
}

/// A scraper that goes away in between is no error.
fn answer(mut stream: TcpStream, pages: &Pages) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let n = stream.read(&mut buffer).ok()?;
        if n == 0 || head.len() > 64 * 1024 {
            return None;
        }
        head.extend_from_slice(&buffer[..n]);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split_whitespace().nth(1)?;
    let (status, body) = match pages(path) {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", String::new()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .ok()
}

/// Sends a form and returns status and body.
pub fn post(address: &str, path: &str, form: &[(&str, &str)]) -> Result<(u16, String)> {
    let pairs: Vec<String> = form.iter().map(|(k, v)| format!("{k}={}", percent(v))).collect();
    let body = pairs.join("&");
    request(
        address,
        &format!(
            // HTTP/1.0: the answer comes in one piece.
            "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
}

/// Gets a path and returns status and body.
pub fn get(address: &str, path: &str) -> Result<(u16, String)> {
    request(address, &format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n"))
}

fn request(address: &str, text: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).context(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).context(address)?;
    stream.write_all(text.as_bytes()).context(address)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context(address)?;
    let answer = String::from_utf8(answer).context(address)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).context("an answer without a status")?;
    Ok((status, body.to_owned()))
}

/// Encodes a value for a form or a query.
pub fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

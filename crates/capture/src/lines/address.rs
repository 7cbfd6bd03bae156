//! Where lines come from, and how it is opened.

use std::fs::File;
use std::io::{self, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Bits a second where none are said: what Arduino sketches begin with.
pub const BAUD: u32 = 9600;

/// Where lines come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A serial port.
    Serial {
        /// Its device file.
        path: PathBuf,
        /// Bits a second.
        baud: u32,
    },
    /// A server that sends lines.
    Tcp {
        /// Its name or number.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A named pipe, or a file.
    File(PathBuf),
    /// Standard input.
    Input,
}

impl Address {
    /// Whether it was speaking before it was listened to, so that the first line may be half of one.
    pub fn may_begin_within_a_line(&self) -> bool {
        matches!(self, Self::Serial { .. } | Self::Tcp { .. })
    }

    /// Opens it.
    ///
    /// # Errors
    /// The system refuses, or a serial port is none.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Serial { path, baud } => Box::new(serial(path, *baud)?),
            Self::Tcp { host, port } => Box::new(TcpStream::connect((host.as_str(), *port))?),
            Self::File(path) => Box::new(File::open(path)?),
            Self::Input => Box::new(io::stdin()),
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Serial { path, baud } => write!(out, "serial:{}@{baud}", path.display()),
            Self::Tcp { host, port } => write!(out, "tcp:{host}:{port}"),
            Self::File(path) => write!(out, "file:{}", path.display()),
            Self::Input => out.write_str("standard input"),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            "expected serial:PATH@BAUD, as serial:/dev/ttyUSB0@57600, tcp:HOST:PORT, file:PATH for a pipe or a file, or - for standard input"
                .to_owned()
        };
        if text == "-" {
            return Ok(Self::Input);
        }
        let (kind, rest) = text.split_once(':').ok_or_else(expected)?;
        match kind {
            "serial" => {
                let (path, baud) = match rest.rsplit_once('@') {
                    None => (rest, BAUD),
                    Some((path, baud)) => (
                        path,
                        baud.parse().ok().filter(|baud| *baud > 0).ok_or_else(|| {
                            "expected bits a second behind @, as serial:/dev/ttyUSB0@57600".to_owned()
                        })?,
                    ),
                };
                if path.is_empty() { Err(expected()) } else { Ok(Self::Serial { path: path.into(), baud }) }
            }
            "tcp" => {
                let (host, port) = rest.rsplit_once(':').ok_or_else(expected)?;
                let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(expected)?;
                // An address of IPv6 stands in brackets, as in a URL.
                let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
                if host.is_empty() { Err(expected()) } else { Ok(Self::Tcp { host: host.to_owned(), port }) }
            }
            "file" if !rest.is_empty() => Ok(Self::File(rest.into())),
            _ => Err(expected()),
        }
    }
}

/// A serial port as it is used by instruments: eight bits, no parity, nothing added or taken away by the system.
#[cfg(unix)]
fn serial(path: &Path, baud: u32) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, fcntl_setfl, open};
    use rustix::termios::{ControlModes, OptionalActions, isatty, tcgetattr, tcsetattr};
    // Not waiting for a carrier, which most sensors do not have.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open(path, flags, Mode::empty())?;
    if !isatty(&port) {
        return Err(io::Error::other("this is no serial port; a pipe or a file is file:PATH"));
    }
    let mut state = tcgetattr(&port)?;
    state.make_raw();
    state.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL;
    state.control_modes &= !(ControlModes::CSTOPB | ControlModes::PARENB);
    state.set_speed(baud)?;
    tcsetattr(&port, OptionalActions::Now, &state)?;
    fcntl_setfl(&port, OFlags::RDWR)?;
    Ok(File::from(port))
}

#[cfg(not(unix))]
fn serial(_: &Path, _: u32) -> io::Result<File> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "serial ports are read on macOS and Linux only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for (text, address) in [
            ("serial:/dev/ttyUSB0", Address::Serial { path: "/dev/ttyUSB0".into(), baud: BAUD }),
            ("serial:/dev/a@b@57600", Address::Serial { path: "/dev/a@b".into(), baud: 57_600 }),
            ("tcp:localhost:4001", Address::Tcp { host: "localhost".to_owned(), port: 4001 }),
            ("tcp:[::1]:4001", Address::Tcp { host: "::1".to_owned(), port: 4001 }),
            ("file:/tmp/a:b", Address::File("/tmp/a:b".into())),
            ("-", Address::Input),
        ] {
            assert_eq!(text.parse(), Ok(address), "{text}");
        }
        for text in [
            "",
            "serial:",
            "serial:/dev/a@fast",
            "serial:/dev/a@0",
            "tcp:4001",
            "tcp::1",
            "pad",
            "file:",
            "usb:1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}

//! The SHA-256 of standard input, read as `verify` reads files: what `scripts/bench-hash` times.

use openweigh_formats::digest::Hasher;
use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut hasher = Hasher::default();
    let mut block = vec![0; 1 << 16];
    loop {
        let count = input.read(&mut block)?;
        if count == 0 {
            return writeln!(std::io::stdout(), "{}", hasher.finish());
        }
        hasher.update(&block[..count]);
    }
}

//! `openweigh protocol new` and `openweigh protocol list`

use crate::answer::{KnownProtocol, ProtocolList, ProtocolNew};
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_capture::Protocol;
use openweigh_capture::builtin::{self, Plan};
use openweigh_formats::number::Number;
use openweigh_formats::text::Name;
use openweigh_formats::{Digest, limits};
use openweigh_ledger::{Kind, Ledger, Written};
use std::path::PathBuf;

/// Write a protocol: which masses to put on, in which order
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh protocol new --name kitchen --masses 10,20,50,100
  openweigh protocol new --name kitchen --masses 10,20,50,100 --down --hold-s 3")]
pub(crate) struct NewArgs {
    /// Name of the protocol
    #[arg(long, value_name = "N")]
    name: Name,
    /// Masses in grams, between commas, in the order in which they are put on
    #[arg(long, value_name = "G,G,…", required = true, value_delimiter = ',', value_parser = mass)]
    masses: Vec<Number>,
    /// Put them on again, in the opposite order
    #[arg(long)]
    down: bool,
    /// How far apart the readings of a load at rest may be, in the sensor's unit
    #[arg(long, value_name = "NUMBER", default_value = "6", value_parser = positive)]
    tolerance: Number,
    /// Seconds that a load has to be at rest
    #[arg(long, value_name = "S", default_value = "2", value_parser = positive)]
    hold_s: Number,
    /// File to write, `-` for standard output [default: protocols/N.toml]
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing protocol
    #[arg(long)]
    force: bool,
}

/// List the protocols of this folder and those that the program carries
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh protocol list
  openweigh protocol list --json")]
pub(crate) struct ListArgs {}

fn mass(text: &str) -> Result<Number, String> {
    let number = Number::try_from(text.trim().to_owned()).map_err(|error| error.to_string())?;
    if number.0 > openweigh_exact::Decimal::ZERO {
        Ok(number)
    } else {
        Err("expected a mass above 0".to_owned())
    }
}

fn positive(text: &str) -> Result<Number, String> {
    mass(text).map_err(|error| error.replace("a mass", "a number"))
}

pub(crate) fn new(args: &NewArgs, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let text = builtin::protocol(&Plan {
        name: args.name.clone(),
        masses: args.masses.clone(),
        down: args.down,
        tolerance: args.tolerance.clone(),
        hold_s: args.hold_s.clone(),
    });
    if args.output.as_deref() == Some(std::path::Path::new("-")) {
        screen.raw(text.as_bytes())?;
        return Ok(exit::DONE);
    }
    let own = Ledger::listed(Kind::Protocol, &args.name);
    let (path, written) =
        place::write(&ledger, args.output.as_deref(), &own, text.as_bytes(), args.force, &[])?;
    let digest = Digest::of(text.as_bytes());
    screen.document(&ProtocolNew {
        file: place::shown(&path),
        written: written != Written::Same,
        protocol: text.clone(),
    });
    show::text(&text, screen)?;
    show::written(&path, written, &digest, screen)?;
    let word = if args.output.is_some() { place::shown(&path) } else { args.name.to_string() };
    show::next(&format!("record --name {} --protocol {word}", args.name), screen)?;
    Ok(exit::DONE)
}

pub(crate) fn list(screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let mut rows = vec![["protocol", "from", "what for"].map(str::to_owned).to_vec()];
    for name in ledger.names(Kind::Protocol) {
        rows.push(vec![name, "protocols/".to_owned(), String::new()]);
    }
    for (name, meaning, _) in builtin::PROTOCOLS {
        rows.push(vec![name.to_owned(), "built in".to_owned(), meaning.to_owned()]);
    }
    let known = |row: &Vec<String>| KnownProtocol {
        name: row[0].clone(),
        from: row[1].clone(),
        meaning: row[2].clone(),
    };
    screen.document(&ProtocolList { protocols: rows.iter().skip(1).map(known).collect() });
    show::table(&rows, &[false, false, false], screen)?;
    Ok(exit::DONE)
}

/// A protocol by path, by name in the ledger, or one that the program carries.
pub(crate) fn find(ledger: &Ledger, word: &str) -> Result<Protocol, Failure> {
    let path = match (place::find(ledger, Kind::Protocol, word), builtin::named(word)) {
        (Ok(path), _) => path,
        (Err(_), Some(text)) => {
            let malformed = |source| Failure::Malformed { path: word.to_owned(), source };
            return Protocol::parse(text.as_bytes()).map_err(malformed);
        }
        (Err(Failure::NotFound(mut missing)), None) => {
            missing.among.extend(builtin::PROTOCOLS.map(|(name, _, _)| name.to_owned()));
            let nearest = openweigh_ledger::lookup::nearest(word, missing.among.iter().map(String::as_str));
            missing.nearest = nearest.map(str::to_owned);
            return Err(missing.into());
        }
        (Err(failure), None) => return Err(failure),
    };
    let bytes = place::read(&path, limits::TOML_BYTES)?;
    Protocol::parse(&bytes).map_err(|source| Failure::Malformed { path: place::shown(&path), source })
}

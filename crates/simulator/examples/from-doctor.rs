//! Prints the scenario in which the simulator answers as a machine did: `from-doctor openweigh-doctor.toml`.

use openweigh_simulator::answered;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        let _ = writeln!(std::io::stderr(), "usage: from-doctor FILE");
        return ExitCode::from(2);
    };
    let made = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|file| answered::scenario(&file).map_err(|error| error.to_string()));
    match made {
        Ok(scenario) => {
            let _ = std::io::stdout().write_all(scenario.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}: {error}", path.display());
            ExitCode::from(3)
        }
    }
}

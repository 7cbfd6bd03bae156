//! Foreign tables in a batch, for `scripts/check-import-tables`: a JSON object a line in,
//! `{"hex": bytes, "args": [option, …]}`, and one a line out, the table or the refusal with its ways.

use openweigh_capture::import::table::{Flag, Options, survey};
use serde_json::{Value, json};
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let (stdin, stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut out = std::io::BufWriter::new(stdout);
    for line in stdin.lines() {
        let case: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&case))?;
        out.flush()?;
    }
    Ok(())
}

fn answer(case: &Value) -> Value {
    let hex = case["hex"].as_str().unwrap_or_default().as_bytes();
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap_or(0)).unwrap_or(0);
    let bytes: Vec<u8> = hex.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    let words: Vec<&str> = case["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let options = match options(&words) {
        Ok(options) => options,
        Err(error) => return json!({"refused": {"text": error, "line": 0, "column": 0, "ways": []}}),
    };
    let mut source = bytes.as_slice();
    let mut table = Vec::new();
    let read = survey(&mut source, &options).and_then(|plan| {
        plan.write(&mut source, &mut table)?;
        Ok(plan)
    });
    match read {
        Ok(plan) => {
            let columns: Vec<Value> = plan
                .columns
                .iter()
                .map(|column| {
                    json!([
                        column.name.as_str(),
                        column.unit.as_ref().map(openweigh_formats::text::Unit::as_str),
                        column.cells == openweigh_formats::dataset::CellType::Number
                    ])
                })
                .collect();
            json!({"columns": columns, "csv": String::from_utf8_lossy(&table)})
        }
        Err(refusal) => {
            let ways: Vec<Vec<String>> =
                refusal.ways.iter().map(|way| way.flags.iter().flat_map(Flag::words).collect()).collect();
            json!({"refused": {"text": refusal.reason.to_string(), "line": refusal.place.line, "column": refusal.place.column, "ways": ways}})
        }
    }
}

/// Options as they are typed.
fn options(words: &[&str]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, joined) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
        let mut value = || joined.or_else(|| words.next().copied()).map(str::to_owned).ok_or("no value");
        let flag = match name {
            "--delimiter" => Flag::Delimiter(value()?.parse()?),
            "--decimal" => Flag::Decimal(value()?.parse()?),
            "--group" => Flag::Group(value()?.parse()?),
            "--comment" => Flag::Comment(value()?),
            "--skip-rows" => Flag::SkipRows(value()?.parse().map_err(|_| "no number")?),
            "--header-row" => Flag::HeaderRow(value()?.parse().map_err(|_| "no number")?),
            "--no-header" => Flag::NoHeader,
            "--units-row" => Flag::UnitsRow(value()?.parse().map_err(|_| "no number")?),
            "--missing" => Flag::Missing(value()?),
            "--text" => Flag::Text(value()?),
            "--drop" => Flag::Drop(value()?),
            "--rename" => {
                let value = value()?;
                let (from, to) = value.rsplit_once('=').ok_or("no `=`")?;
                Flag::Rename(from.to_owned(), to.to_owned())
            }
            "--encoding" => Flag::Encoding(value()?),
            "--sheet" => Flag::Sheet(value()?),
            _ => return Err(format!("no option {word}")),
        };
        flag.apply(&mut options);
    }
    Ok(options)
}

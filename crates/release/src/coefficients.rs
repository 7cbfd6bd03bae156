//! `exports/<name>-<version>.safetensors`: coefficients for programs that want binary64 (the safetensors format).
//!
//! A convenience and not normative: each number is the binary64 nearest to the decimal text in the weights, so
//! what is computed from them is not exact. The weights' JSON is what counts; its digest is in the metadata.
//! The bytes are the same each time, which the format's own library does not promise: tensors and metadata stand
//! in the order of their names, and their data in that order without gaps.

use crate::json::{Json, Object, list};
use openweigh_formats::Digest;
use openweigh_formats::canonical::Document;
use openweigh_formats::number::Number;
use openweigh_formats::weights::Weights;

/// A tensor: its name, its shape and its numbers, row by row.
struct Tensor<'a> {
    name: &'static str,
    shape: Vec<u64>,
    numbers: Vec<&'a Number>,
}

/// The file of some weights, whose JSON has this digest.
pub fn write(weights: &Weights, digest: &Digest) -> Vec<u8> {
    let tensors = tensors(weights);
    let (mut header, mut at) = (Object::of("__metadata__", metadata(weights, digest)), 0u64);
    let mut data = Vec::new();
    for tensor in &tensors {
        data.extend(tensor.numbers.iter().flat_map(|number| binary64(number)));
        let end = data.len() as u64;
        let entry = Object::of("dtype", "F64")
            .with("shape", list(tensor.shape.iter().copied()))
            .with("data_offsets", list([at, end]));
        header = header.with(tensor.name, entry);
        at = end;
    }
    let mut header = Json::from(header).packed().into_bytes();
    // The data shall begin at a multiple of eight bytes; the format fills up with spaces.
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    [length.as_slice(), &header, &data].concat()
}

/// What there is, by name; undefined quantities have no tensor.
fn tensors(weights: &Weights) -> Vec<Tensor<'_>> {
    let count = weights.terms.len() as u64;
    let coefficients = weights.terms.iter().map(|term| &term.coefficient).collect();
    let mut tensors = vec![Tensor { name: "coefficients", shape: vec![count], numbers: coefficients }];
    if let Some(covariance) = &weights.covariance {
        let numbers = covariance.iter().flatten().collect();
        tensors.push(Tensor { name: "covariance", shape: vec![count, count], numbers });
    }
    let errors: Option<Vec<&Number>> =
        weights.terms.iter().map(|term| term.standard_error.as_ref()).collect();
    if let Some(numbers) = errors {
        tensors.push(Tensor { name: "standard_errors", shape: vec![count], numbers });
    }
    tensors
}

/// Texts that tell what the numbers are; lists and objects among them are JSON.
fn metadata(weights: &Weights, digest: &Digest) -> Object {
    let terms = Json::from(list(weights.terms.iter().map(|term| term.term.to_string())));
    let units = weights.applies_to.columns.iter().fold(Object::default(), |units, column| {
        units.with(column.name.as_str(), column.unit.as_ref().map_or("", |unit| unit.as_str()))
    });
    Object::of("format", Weights::FORMAT)
        .with("name", weights.name.as_str())
        .with("sha256", digest.as_str())
        .with("target", weights.recipe.model.target.as_str())
        .with("terms", terms.packed())
        .with("units", Json::from(units).packed())
        .with("version", weights.version.to_string())
}

/// The binary64 nearest to a decimal, ties to even: the standard library's parser rounds correctly.
fn binary64(number: &Number) -> [u8; 8] {
    let nearest: f64 =
        number.to_string().parse().expect("a canonical decimal is a number to the standard library");
    nearest.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_the_nearest_binary64() {
        let bits = |text: &str| u64::from_le_bytes(binary64(&Number::try_from(text.to_owned()).unwrap()));
        assert_eq!(bits("0.1"), 0x3fb9_9999_9999_999a);
        // Halfway between 1 and its neighbour, and a hair above that.
        assert_eq!(bits("1.00000000000000011102230246251565404236316680908203125"), 0x3ff0_0000_0000_0000);
        assert_eq!(bits("1.00000000000000011102230246251565404236316680908203126"), 0x3ff0_0000_0000_0001);
        assert_eq!(bits("-0.5"), 0xbfe0_0000_0000_0000);
    }
}

//! How large the files of a build are.

use super::graph::Files;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::io::Write;

/// One file's sizes in bytes.
#[derive(Clone, Copy, Default)]
pub struct Size {
    pub raw: usize,
    pub gzip: usize,
    pub brotli: usize,
}

/// Compresses every file as a CDN would at its best.
pub fn measure(files: &Files) -> Result<BTreeMap<String, Size>> {
    let measured = std::thread::scope(|scope| {
        let jobs: Vec<_> = files
            .iter()
            .map(|(path, content)| (path.clone(), scope.spawn(|| measure_one(content))))
            .collect();
        jobs.into_iter().map(|(path, job)| Some((path, job.join().ok()?.ok()?))).collect::<Option<_>>()
    });
    measured.context("a file could not be compressed")
}

fn measure_one(content: &[u8]) -> Result<Size> {
    Ok(Size { raw: content.len(), gzip: gzip(content)?.len(), brotli: brotli(content)?.len() })
}

/// What stands beside the files of a build for servers that send it as it is: `NAME.br` and `NAME.gz`, where they are
/// smaller than the file. Not of pages: these are edited where they are deployed.
pub fn precompressed(files: &Files) -> Result<Files> {
    let mut out = Files::new();
    for (path, content) in files {
        for (extension, compressed) in [("br", brotli(content)?), ("gz", gzip(content)?)] {
            if compressed.len() < content.len() {
                out.insert(format!("{path}.{extension}"), compressed);
            }
        }
    }
    Ok(out)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(content)?;
    Ok(gzip.finish()?)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let options = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut out, &options)?;
    Ok(out)
}

/// The downloads that have a budget, by the names trunk gave the files: the console's page and the worker, and what demo
/// and wall each have in place of the console's program.
pub const PARTS: [&str; 4] = ["page", "demo", "wall", "worker"];

/// Which of [`PARTS`] a file belongs to.
pub fn part(path: &str) -> Option<&'static str> {
    match path {
        "worker.js" | "worker_bg.wasm" | "worker_loader.js" => Some("worker"),
        "app.js" | "app_bg.wasm" | "boot.js" => Some("page"),
        "demo.js" | "demo_bg.wasm" => Some("demo"),
        "wall.js" | "wall_bg.wasm" => Some("wall"),
        // What only the worker's modules import.
        _ if path.starts_with("snippets/") && path.contains("/src/worker/") => Some("worker"),
        _ if path.starts_with("snippets/") => Some("page"),
        _ => None,
    }
}

/// Prints the table. Paths are those before hashing, so that two builds can be compared.
pub fn print(sizes: &BTreeMap<String, Size>) {
    println!("{:>9}  {:>9}  {:>9}", "raw", "gzip", "brotli");
    let mut total = Size::default();
    for (path, size) in sizes {
        println!("{:9}  {:9}  {:9}  {path}", size.raw, size.gzip, size.brotli);
        total.raw += size.raw;
        total.gzip += size.gzip;
        total.brotli += size.brotli;
    }
    println!("{:9}  {:9}  {:9}  total", total.raw, total.gzip, total.brotli);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_stands_beside_a_file_is_that_file_compressed() {
        let long = "words and words ".repeat(100).into_bytes();
        let files = Files::from([
            ("assets/a.js".to_owned(), long.clone()),
            ("assets/b.js".to_owned(), b"x".to_vec()),
        ]);
        let beside = precompressed(&files).unwrap();
        assert_eq!(beside.keys().collect::<Vec<_>>(), ["assets/a.js.br", "assets/a.js.gz"]);
        let mut gzip = Vec::new();
        flate2::read::GzDecoder::new(&beside["assets/a.js.gz"][..]).read_to_end(&mut gzip).unwrap();
        let mut brotli = Vec::new();
        brotli::BrotliDecompress(&mut &beside["assets/a.js.br"][..], &mut brotli).unwrap();
        assert_eq!((gzip, brotli), (long.clone(), long));
    }
}

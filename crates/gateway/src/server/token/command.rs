//! `gateway token`: makes a token, or says what is wrong with one.

use super::claims::LEEWAY_S;
use super::keys::Keys;
use super::{Verifier, claims::Claims};
use crate::server::config::{KeyOptions, KeySource, Settings};
use anyhow::{Context, Result, anyhow, bail};
use jsonwebtoken::{Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Read;

/// Makes a token with the gateway's key, or says which claim of one is wrong
#[derive(Clone, Debug, clap::Args)]
pub struct TokenArgs {
    /// Whose token: its `sub`, 1 to 64 characters
    #[arg(long, value_name = "NAME", required_unless_present = "check")]
    user: Option<String>,
    /// What may be read: `incidents`, `chat`, `chat:TOPIC`, …; may be repeated
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    read: Vec<String>,
    /// What may be written; may be repeated
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',')]
    write: Vec<String>,
    /// How long it lives
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=525_600))]
    minutes: u32,
    /// Check this token instead; `-` reads it from stdin, where no list of processes shows it
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["user", "read", "write"])]
    check: Option<String>,
}

/// Runs it. What it prints goes to stdout.
///
/// # Errors
/// The key cannot be used, or the token to check is refused: a sentence that names the claim.
pub async fn token(settings: Settings, args: &TokenArgs) -> Result<()> {
    let options = KeyOptions::new(&settings.with_file()?.keys)?;
    match &args.check {
        Some(text) => check(&options, text).await,
        None => {
            println!("{}", make(&options, args)?);
            Ok(())
        }
    }
}

fn make(options: &KeyOptions, args: &TokenArgs) -> Result<String> {
    let KeySource::File(path) = &options.source else {
        bail!("--jwks-url gives keys to check tokens with, not to make them: use --jwt-key FILE");
    };
    let keys = Keys::read(path, options.algorithm).map_err(|error| anyhow!(error))?;
    let (key, encoding) =
        keys.0.iter().find_map(|key| Some((key, key.encoding.as_ref()?))).with_context(|| {
            format!("{} holds no secret and no private key, so it cannot sign", path.display())
        })?;
    let now = get_current_timestamp();
    let audience = match options.audience.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    let claims: Value = json!({
        "sub": args.user,
        "aud": audience,
        "iss": options.issuer,
        "iat": now,
        "exp": now + u64::from(args.minutes) * 60,
        "jti": format!("{:016x}", RandomState::new().build_hasher().finish()),
        "so": { "read": args.read, "write": args.write },
    });
    let token = encode(&Header::new(key.algorithm), &claims, encoding).context("the key cannot sign")?;
    // Made, but not taken: says so now rather than at the first connect.
    let verifier = Verifier::open(options, None).map_err(|error| anyhow!(error))?;
    verifier.check_now(&token).map_err(|refusal| anyhow!("the token would be refused: {refusal}"))?;
    Ok(token)
}

async fn check(options: &KeyOptions, text: &str) -> Result<()> {
    let mut input = String::new();
    let text = match text {
        "-" => {
            std::io::stdin().read_to_string(&mut input).context("cannot read the token from stdin")?;
            input.trim()
        }
        text => text,
    };
    let verifier = Verifier::open(options, None).map_err(|error| anyhow!(error))?;
    verifier.warm_up().await.map_err(|error| anyhow!("the keys cannot be fetched: {error}"))?;
    let Claims { user, until_s, read, write, jti } =
        verifier.check(text).await.map_err(|refusal| anyhow!("{refusal}"))?;
    let left = until_s.saturating_sub(LEEWAY_S).saturating_sub(get_current_timestamp());
    println!("valid for {left} s more");
    println!("user:  {user}\nread:  {}\nwrite: {}", read.join(", "), write.join(", "));
    println!("jti:   {}", jti.as_deref().unwrap_or("none: it can be revoked by its user only"));
    Ok(())
}

//! Reads the fields of a JSON object, and says where one does not fit.

use crate::domain::Patch;
use crate::problem::clip;
use crate::scan::{self, Members};
use crate::{Channel, Json, Problem, ProblemKind};
use std::borrow::Cow;

/// A value, or where it does not fit, what is expected there and what was found.
pub(crate) type Reading<T> = Result<T, Box<Problem>>;

/// Where in a message something stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    Envelope,
    Payload,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    /// The dotted path from the envelope.
    fn path(self) -> String {
        match self {
            Self::Envelope => "envelope".to_owned(),
            Self::Payload => "payload".to_owned(),
            Self::Field(Self::Envelope, name) => name.to_owned(),
            Self::Field(place, name) => place.path() + "." + name,
            Self::Item(place, at) => format!("{}[{at}]", place.path()),
        }
    }

    fn is_in_payload(self) -> bool {
        match self {
            Self::Envelope => false,
            Self::Payload => true,
            Self::Field(place, _) | Self::Item(place, _) => place.is_in_payload(),
        }
    }

    /// A problem here, with `found` in words.
    #[cold]
    #[inline(never)]
    fn problem(self, message_type: &str, expected: &str, found: &str) -> Box<Problem> {
        Box::new(Problem {
            kind: if self.is_in_payload() { ProblemKind::PayloadMismatch } else { ProblemKind::BadEnvelope },
            id: None,
            channel: None,
            message_type: clip(message_type),
            path: self.path(),
            expected: clip(expected),
            found: clip(found),
        })
    }

    /// A problem with the JSON that stands here.
    pub(crate) fn wrong(self, message_type: &str, expected: &str, json: &str) -> Box<Problem> {
        self.problem(message_type, expected, &words(json))
    }

    /// The string that stands here.
    fn word<'j>(self, message_type: &str, json: &'j str) -> Reading<Cow<'j, str>> {
        match scan::unquote(json) {
            Some(text) => Ok(text),
            None if json.starts_with('"') => {
                Err(self.wrong(message_type, "a string without half a surrogate pair", json))
            }
            None => Err(self.wrong(message_type, "a string", json)),
        }
    }

    pub(crate) fn text(self, message_type: &str, json: &str) -> Reading<String> {
        self.word(message_type, json).map(Cow::into_owned)
    }

    fn number(self, message_type: &str, json: &str) -> Reading<u64> {
        json.parse().map_err(|_| self.wrong(message_type, "a whole number", json))
    }
}

/// What a JSON value is, in words: "integer `7`", "string \"now\"", "an object".
pub(crate) fn words(json: &str) -> String {
    match json.bytes().next() {
        Some(b'{') => "an object".to_owned(),
        Some(b'[') => "an array".to_owned(),
        Some(b'"') => format!("string {json}"),
        Some(b't' | b'f') => format!("boolean `{json}`"),
        Some(b'n') => "null".to_owned(),
        None => "nothing".to_owned(),
        Some(_) if json.contains(['.', 'e', 'E']) => format!("number `{json}`"),
        Some(_) => format!("integer `{json}`"),
    }
}

/// The fields of a payload, read one by one.
///
/// A field that is missing, does not fit or is there twice becomes a [`Problem`] that says where,
/// what is expected and what was found. `null` counts as absent, except for a patch.
///
/// ```
/// use sentinelops_protocol::{Fields, Json};
///
/// let json = Json::parse(r#"{"service": "api", "step": 3, "build": 18446744073709551616}"#)?;
/// let mut fields = Fields::of("deploy.started", &json).map_err(|problem| problem.to_string())?;
/// assert_eq!(fields.text("service").unwrap(), "api");
/// assert_eq!(fields.number("step").unwrap(), 3);
/// let problem = fields.number("build").unwrap_err();
/// assert_eq!(
///     problem.to_string(),
///     "deploy.started: payload.build: expected a whole number, found integer `18446744073709551616`"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Fields<'a> {
    message_type: &'a str,
    pub(crate) place: Place<'a>,
    members: Members<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of the payload of a message of type `message_type`.
    ///
    /// # Errors
    /// When the payload is no object.
    ///
    /// ```
    /// use sentinelops_protocol::{Fields, Json};
    ///
    /// let problem = Fields::of("deploy.started", &Json::parse("[1]")?).unwrap_err();
    /// assert_eq!(problem.to_string(), "deploy.started: payload: expected an object, found an array");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(message_type: &'a str, payload: &'a Json) -> Result<Self, Box<Problem>> {
        Self::at(message_type, Place::Payload, payload.as_str())
    }

    /// The fields of the object that stands at `place`.
    pub(crate) fn at(message_type: &'a str, place: Place<'a>, json: &'a str) -> Reading<Self> {
        match scan::members(json) {
            Some(members) => Ok(Self { message_type, place, members }),
            None => Err(place.wrong(message_type, "an object", json)),
        }
    }

    /// The JSON of a field; `None`: absent.
    pub(crate) fn take(&mut self, name: &str) -> Reading<Option<&'a str>> {
        let Some(at) = self.members.iter().position(|member| member.name == name) else { return Ok(None) };
        let value = self.members.remove(at).value;
        if self.members[at..].iter().any(|member| member.name == name) {
            let place = Place::Field(&self.place, name);
            return Err(place.problem(self.message_type, "one value", "more than one"));
        }
        Ok(Some(value))
    }

    /// The JSON of a field that has to be there.
    pub(crate) fn required(&mut self, name: &str) -> Reading<&'a str> {
        self.take(name)?.ok_or_else(|| self.missing(name))
    }

    /// A problem with a field that is not there.
    pub(crate) fn missing(&self, name: &str) -> Box<Problem> {
        self.place.problem(self.message_type, &format!("a field `{name}`"), "nothing")
    }

    /// The JSON of a field; `None`: absent or `null`.
    pub(crate) fn optional(&mut self, name: &str) -> Reading<Option<&'a str>> {
        Ok(self.take(name)?.filter(|json| *json != "null"))
    }

    /// A problem with the JSON of a field.
    pub(crate) fn wrong(&self, name: &str, expected: &str, json: &str) -> Box<Problem> {
        Place::Field(&self.place, name).wrong(self.message_type, expected, json)
    }

    /// A string.
    ///
    /// # Errors
    /// When it is missing, no string, or there twice.
    ///
    /// ```
    /// use sentinelops_protocol::{Fields, Json};
    ///
    /// let json = Json::parse(r#"{"service": 7}"#)?;
    /// let problem = Fields::of("deploy.started", &json).and_then(|mut fields| fields.text("service")).unwrap_err();
    /// assert_eq!(problem.to_string(), "deploy.started: payload.service: expected a string, found integer `7`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn text(&mut self, name: &str) -> Result<String, Box<Problem>> {
        self.word(name).map(Cow::into_owned)
    }

    /// A string that is read and not kept.
    pub(crate) fn word(&mut self, name: &str) -> Reading<Cow<'a, str>> {
        let json = self.required(name)?;
        Place::Field(&self.place, name).word(self.message_type, json)
    }

    /// A string that may be absent.
    ///
    /// # Errors
    /// When it is no string, or there twice.
    ///
    /// ```
    /// use sentinelops_protocol::{Fields, Json};
    ///
    /// let json = Json::parse(r#"{"note": null}"#)?;
    /// let note = Fields::of("deploy.started", &json).and_then(|mut fields| fields.optional_text("note"));
    /// assert_eq!(note.unwrap(), None);
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn optional_text(&mut self, name: &str) -> Result<Option<String>, Box<Problem>> {
        Ok(self.optional_word(name)?.map(Cow::into_owned))
    }

    pub(crate) fn optional_word(&mut self, name: &str) -> Reading<Option<Cow<'a, str>>> {
        let Some(json) = self.optional(name)? else { return Ok(None) };
        Place::Field(&self.place, name).word(self.message_type, json).map(Some)
    }

    /// A whole number from 0 to 2^64 - 1.
    ///
    /// # Errors
    /// When it is missing, no such number, or there twice.
    ///
    /// ```
    /// use sentinelops_protocol::{Fields, Json};
    ///
    /// let json = Json::parse(r#"{"step": -1}"#)?;
    /// let problem = Fields::of("deploy.started", &json).and_then(|mut fields| fields.number("step")).unwrap_err();
    /// assert_eq!(problem.to_string(), "deploy.started: payload.step: expected a whole number, found integer `-1`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn number(&mut self, name: &str) -> Result<u64, Box<Problem>> {
        let json = self.required(name)?;
        Place::Field(&self.place, name).number(self.message_type, json)
    }

    pub(crate) fn optional_number(&mut self, name: &str) -> Reading<Option<u64>> {
        let Some(json) = self.optional(name)? else { return Ok(None) };
        Place::Field(&self.place, name).number(self.message_type, json).map(Some)
    }

    /// A whole number below 2^32.
    pub(crate) fn small_number(&mut self, name: &str) -> Reading<u32> {
        let json = self.required(name)?;
        json.parse().map_err(|_| self.wrong(name, "a whole number below 2^32", json))
    }

    pub(crate) fn flag(&mut self, name: &str) -> Reading<bool> {
        match self.required(name)? {
            "true" => Ok(true),
            "false" => Ok(false),
            json => Err(self.wrong(name, "a boolean", json)),
        }
    }

    pub(crate) fn optional_channel(&mut self, name: &str) -> Reading<Option<Channel>> {
        let Some(json) = self.optional(name)? else { return Ok(None) };
        let channel = scan::unquote(json).and_then(|name| Channel::parse(&name));
        let expected = "incidents, agents, chat, alerts, activity, timeline or system";
        channel.map(Some).ok_or_else(|| self.wrong(name, expected, json))
    }

    pub(crate) fn channel(&mut self, name: &str) -> Reading<Channel> {
        self.optional_channel(name)?.ok_or_else(|| self.missing(name))
    }

    /// The items of an array.
    pub(crate) fn list(&mut self, name: &str) -> Reading<Vec<&'a str>> {
        let json = self.required(name)?;
        scan::items(json).ok_or_else(|| self.wrong(name, "an array", json))
    }

    /// A string of a partial update: absent is unchanged, `null` is cleared.
    pub(crate) fn patch_word(&mut self, name: &str) -> Reading<Patch<Cow<'a, str>>> {
        match self.take(name)? {
            None => Ok(Patch::Keep),
            Some("null") => Ok(Patch::Clear),
            Some(json) => Place::Field(&self.place, name).word(self.message_type, json).map(Patch::Set),
        }
    }

    /// A whole number of a partial update.
    pub(crate) fn patch_number(&mut self, name: &str) -> Reading<Patch<u64>> {
        match self.take(name)? {
            None => Ok(Patch::Keep),
            Some("null") => Ok(Patch::Clear),
            Some(json) => Place::Field(&self.place, name).number(self.message_type, json).map(Patch::Set),
        }
    }

    /// Leaves a field out of [`Fields::rest`] without looking at it.
    ///
    /// ```
    /// use sentinelops_protocol::{Fields, Json};
    ///
    /// let json = Json::parse(r#"{"actor": "ann", "service": "api"}"#)?;
    /// let mut fields = Fields::of("deploy.started", &json).map_err(|problem| problem.to_string())?;
    /// fields.ignore("actor");
    /// assert_eq!(fields.rest(), Json::parse(r#"{"service":"api"}"#).ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ignore(&mut self, name: &str) {
        self.members.retain(|member| member.name != name);
    }

    /// The fields nobody has read, as an object: in their order and as they are written, repeated names included.
    /// `None`: there are none.
    ///
    /// ```
    /// use sentinelops_protocol::{Fields, Json};
    ///
    /// let json = Json::parse(r#"{"z": 1e2, "step": 3, "a": 1, "a": 2}"#)?;
    /// let mut fields = Fields::of("deploy.started", &json).map_err(|problem| problem.to_string())?;
    /// fields.number("step").map_err(|problem| problem.to_string())?;
    /// assert_eq!(fields.rest().unwrap().as_str(), r#"{"z":1e2,"a":1,"a":2}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rest(self) -> Option<Json> {
        Json::of_members(&self.members)
    }
}

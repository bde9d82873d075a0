//! Lists the shape of a type by having it read from nothing: its derive asks for each field and each variant it
//! knows, and is asked again until every variant at every place was read once.

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, SeqAccess, VariantAccess,
    Visitor,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Never,
    /// Something in it was not read in all its variants.
    Partly,
    Whole,
}

#[derive(Default)]
struct Run {
    places: BTreeMap<String, Vec<Seen>>,
    lines: BTreeSet<String>,
    /// Something that was read since this was last cleared has variants left.
    partly: bool,
}

/// Adds a line for each struct and each variant, at each place where one stands.
pub fn trace<T: DeserializeOwned>(lines: &mut BTreeSet<String>) {
    let run = RefCell::new(Run::default());
    loop {
        run.borrow_mut().partly = false;
        let mut format = String::new();
        T::deserialize(Tracer { run: &run, place: "", format: &mut format }).expect("plain derives only");
        if !run.borrow().partly {
            break;
        }
    }
    lines.append(&mut run.borrow_mut().lines);
}

/// Reads one value, and says into `format` how it is written.
struct Tracer<'a> {
    run: &'a RefCell<Run>,
    /// Struct and field, or enum and variant, that hold it.
    place: &'a str,
    format: &'a mut String,
}

impl Tracer<'_> {
    fn line(&self, name: &str, text: &str) {
        let slash = if self.place.is_empty() { "" } else { "/" };
        self.run.borrow_mut().lines.insert(format!("{}{slash}{name}{text}", self.place));
    }
}

/// Values of a sequence, one after the other, under these names.
struct Fields<'a, 'f> {
    run: &'a RefCell<Run>,
    owner: &'a str,
    names: &'a [&'a str],
    next: usize,
    format: &'f mut String,
}

impl<'de> SeqAccess<'de> for Fields<'_, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(name) = self.names.get(self.next) else { return Ok(None) };
        self.next += 1;
        if self.next > 1 {
            self.format.push_str(", ");
        }
        let mut place = self.owner.to_owned();
        if !name.is_empty() {
            self.format.push_str(name);
            self.format.push_str(": ");
            place = format!("{place}.{name}");
        }
        seed.deserialize(Tracer { run: self.run, place: &place, format: self.format }).map(Some)
    }
}

macro_rules! plain {
    ($($method:ident $visit:ident $value:expr, $text:literal;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.format.push_str($text);
            visitor.$visit($value)
        })+
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Error;

    plain! {
        deserialize_bool visit_bool false, "bool";
        deserialize_u8 visit_u8 0, "u8";
        deserialize_u16 visit_u16 0, "u16";
        deserialize_u32 visit_u32 0, "u32";
        deserialize_u64 visit_u64 0, "u64";
        deserialize_i8 visit_i8 0, "i8";
        deserialize_i16 visit_i16 0, "i16";
        deserialize_i32 visit_i32 0, "i32";
        deserialize_i64 visit_i64 0, "i64";
        deserialize_f32 visit_f32 0.0, "f32";
        deserialize_f64 visit_f64 0.0, "f64";
        deserialize_char visit_char 'a', "char";
        deserialize_str visit_str "", "str";
        deserialize_string visit_str "", "str";
        deserialize_bytes visit_bytes &[], "bytes";
        deserialize_byte_buf visit_bytes &[], "bytes";
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("postcard cannot read what does not say what it is"))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.format.push('?');
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.format.push_str("()");
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple_struct(name, 1, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.format.push('[');
        let (run, owner) = (self.run, self.place);
        let value =
            visitor.visit_seq(Fields { run, owner, names: &[""], next: 0, format: &mut *self.format })?;
        self.format.push(']');
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.format.push('(');
        let (run, owner) = (self.run, self.place);
        let names = vec![""; len];
        let value =
            visitor.visit_seq(Fields { run, owner, names: &names, next: 0, format: &mut *self.format })?;
        self.format.push(')');
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.format.push_str(name);
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut inner = String::new();
        let access = Fields { run: self.run, owner: name, names: fields, next: 0, format: &mut inner };
        let value = visitor.visit_seq(access)?;
        self.line(name, &format!(" {{ {inner} }}"));
        self.format.push_str(name);
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let key = format!("{}/{name}", self.place);
        let at = {
            let mut run = self.run.borrow_mut();
            let seen = run.places.entry(key.clone()).or_insert_with(|| vec![Seen::Never; variants.len()]);
            let first = |wanted| seen.iter().position(|seen| *seen == wanted);
            first(Seen::Never).or_else(|| first(Seen::Partly)).unwrap_or(0)
        };
        let before = std::mem::take(&mut self.run.borrow_mut().partly);
        let mut inner = String::new();
        let owner = format!("{name}.{}", variants[at]);
        let value = visitor.visit_enum(Variant { run: self.run, owner: &owner, at, format: &mut inner })?;
        self.line(name, &format!(".{at} {}{inner}", variants[at]));
        self.format.push_str(name);
        let mut run = self.run.borrow_mut();
        let partly = run.partly;
        if let Some(seen) = run.places.get_mut(&key) {
            seen[at] = if partly { Seen::Partly } else { Seen::Whole };
            let left = seen.iter().any(|seen| *seen != Seen::Whole);
            run.partly = before || left;
        }
        Ok(value)
    }
}

struct Variant<'a, 'f> {
    run: &'a RefCell<Run>,
    owner: &'a str,
    at: usize,
    format: &'f mut String,
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let index: serde::de::value::U32Deserializer<Error> = (self.at as u32).into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        self.format.push('(');
        let value =
            seed.deserialize(Tracer { run: self.run, place: self.owner, format: &mut *self.format })?;
        self.format.push(')');
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let tracer = Tracer { run: self.run, place: self.owner, format: self.format };
        tracer.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.format.push_str(" { ");
        let access =
            Fields { run: self.run, owner: self.owner, names: fields, next: 0, format: &mut *self.format };
        let value = visitor.visit_seq(access)?;
        self.format.push_str(" }");
        Ok(value)
    }
}

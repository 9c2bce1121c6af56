//! Keys, lists and values.

use serde_json::Value;

use super::{Reading, Table, scanner::Scanner, typed};
use crate::values::{go_type, load};

/// Most dots in one key.
const MAX_NESTING: usize = 30;
/// Highest list index.
const MAX_INDEX: i64 = 65_536;
/// Most list indexes directly behind each other (`a[0][0]`); Helm has no limit here.
const MAX_LIST_NESTING: usize = 100;

/// Whether more of the argument follows.
#[derive(PartialEq, Eq)]
enum Next {
    More,
    End,
}

/// What a `=` is followed by.
enum Found {
    Value(Value, Next),
    /// The argument ends right behind the `=`.
    Nothing,
}

pub(super) struct Parser<'a> {
    scanner: Scanner,
    reading: &'a Reading<'a>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &str, reading: &'a Reading<'a>) -> Self {
        let escapes = !matches!(reading, Reading::Literal);
        Self { scanner: Scanner::new(text, escapes), reading }
    }

    pub(super) fn run(&mut self, values: &mut Table) -> Result<(), String> {
        while self.key(values, 0)? == Next::More {}
        Ok(())
    }

    fn key(&mut self, values: &mut Table, depth: usize) -> Result<Next, String> {
        let stops: &[char] = match self.reading {
            Reading::Literal => &['=', '[', '.'],
            _ => &['=', '[', ',', '.'],
        };
        let (key, stop) = self.scanner.until(stops);
        match stop {
            None if key.is_empty() => Ok(Next::End),
            None => Err(format!("key {key:?} has no value")),
            Some('[') => self.indexed(values, key, depth),
            Some('=') => self.assignment(values, key),
            Some('.') => self.nested(values, key, depth + 1),
            Some(_) => Err(format!("key {key:?} has no value (cannot end with ,)")),
        }
    }

    fn assignment(&mut self, values: &mut Table, key: String) -> Result<Next, String> {
        match self.value()? {
            Found::Value(value, next) => {
                set(values, key, value);
                Ok(next)
            }
            Found::Nothing => {
                set(values, key, String::new().into());
                Ok(Next::End)
            }
        }
    }

    fn nested(&mut self, values: &mut Table, key: String, depth: usize) -> Result<Next, String> {
        if depth > MAX_NESTING {
            return Err(format!(
                "value name nested level is greater than maximum supported nested level of \
                 {MAX_NESTING}"
            ));
        }
        let mut inner = match values.remove(&key) {
            None => Table::new(),
            Some(Value::Object(table)) => table,
            Some(other) => return Err(not_a(&other, "map[string]interface {}")),
        };
        let next = self.key(&mut inner, depth)?;
        if !inner.is_empty() {
            set(values, key, Value::Object(inner));
        } else if next == Next::More {
            return Err(format!("key map {key:?} has no value"));
        }
        Ok(next)
    }

    fn indexed(&mut self, values: &mut Table, key: String, depth: usize) -> Result<Next, String> {
        let index = self.index()?;
        let mut list = match values.remove(&key) {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(not_a(&other, "[]interface {}")),
        };
        let next = self.item(&mut list, index, depth, 0)?;
        set(values, key, Value::Array(list));
        Ok(next)
    }

    fn index(&mut self) -> Result<i64, String> {
        let (text, stop) = self.scanner.until(&[']']);
        if stop.is_none() {
            return Err("error parsing index: EOF".to_owned());
        }
        let index = text.parse::<i64>().map_err(|_| {
            format!("error parsing index: strconv.Atoi: parsing {text:?}: invalid syntax")
        })?;
        if index < 0 {
            return Err(format!("negative {index} index not allowed"));
        }
        Ok(index)
    }

    fn item(
        &mut self,
        list: &mut Vec<Value>,
        index: i64,
        depth: usize,
        lists: usize,
    ) -> Result<Next, String> {
        let (text, stop) = self.scanner.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(format!("unexpected data at end of array index: {text:?}"));
        }
        match stop {
            Some('=') => match self.value()? {
                Found::Value(value, next) => put(list, index, value).map(|()| next),
                Found::Nothing => put(list, index, String::new().into()).map(|()| Next::End),
            },
            Some('[') => {
                if lists >= MAX_LIST_NESTING {
                    return Err(format!("more than {MAX_LIST_NESTING} list indexes in one key"));
                }
                let inner_index = self.index()?;
                let mut inner = match at(list, index).map(Value::take) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(inner)) => inner,
                    Some(other) => return Err(not_a(&other, "[]interface {}")),
                };
                let next = self.item(&mut inner, inner_index, depth, lists + 1)?;
                put(list, index, Value::Array(inner)).map(|()| next)
            }
            Some(_) => {
                let mut inner = match at(list, index).map(Value::take) {
                    Some(Value::Object(table)) => table,
                    _ => Table::new(),
                };
                let next = self.key(&mut inner, depth)?;
                put(list, index, Value::Object(inner)).map(|()| next)
            }
            None => Ok(Next::End),
        }
    }

    fn value(&mut self) -> Result<Found, String> {
        match self.reading {
            Reading::Json => return self.json(),
            Reading::Literal => {
                return Ok(Found::Value(self.scanner.until(&[]).0.into(), Next::End));
            }
            _ if self.scanner.is_at_end() => return Ok(Found::Nothing),
            _ => {}
        }
        if self.scanner.next_if('{') {
            return Ok(Found::Value(self.list()?, Next::More));
        }
        let (text, _) = self.scanner.until(&[',']);
        Ok(Found::Value(self.read(text)?, Next::More))
    }

    fn json(&mut self) -> Result<Found, String> {
        if self.scanner.skip_blank_value() {
            return Ok(Found::Value(Value::Null, Next::More));
        }
        let rest = self.scanner.rest();
        let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
        let mut value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("unexpected end of JSON input".to_owned()),
        };
        load::floats(&mut value);
        self.scanner.skip(&rest[..stream.byte_offset()]);
        self.scanner.skip_blank_value();
        Ok(Found::Value(value, Next::More))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.scanner.until(&[',', '}']);
            match stop {
                None => return Err("list must terminate with '}'".to_owned()),
                Some('}') => {
                    self.scanner.next_if(',');
                    items.push(self.read(text)?);
                    return Ok(Value::Array(items));
                }
                Some(_) => items.push(self.read(text)?),
            }
        }
    }

    fn read(&self, text: String) -> Result<Value, String> {
        match self.reading {
            Reading::Typed => Ok(typed(text)),
            Reading::File(read) => read(&text).map(Value::String),
            Reading::Text | Reading::Json | Reading::Literal => Ok(Value::String(text)),
        }
    }
}

fn at(list: &mut [Value], index: i64) -> Option<&mut Value> {
    usize::try_from(index).ok().and_then(|index| list.get_mut(index))
}

fn put(list: &mut Vec<Value>, index: i64, value: Value) -> Result<(), String> {
    if index > MAX_INDEX {
        return Err(format!(
            "index of {index} is greater than maximum supported index of {MAX_INDEX}"
        ));
    }
    let index = usize::try_from(index).map_err(|_| "negative index not allowed".to_owned())?;
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list[index] = value;
    Ok(())
}

/// An empty key is dropped silently: `=x` sets nothing.
fn set(values: &mut Table, key: String, value: Value) {
    if !key.is_empty() {
        values.insert(key, value);
    }
}

/// Go's message for a value that stands in the way.
fn not_a(found: &Value, wanted: &str) -> String {
    format!(
        "unable to parse key: interface conversion: interface {{}} is {}, not {wanted}",
        go_type(found)
    )
}

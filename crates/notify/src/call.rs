//! A call as it came in.

use http::HeaderMap;

/// A call as it came in: headers, and the whole body, which has a bounded size.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Call<'a> {
    /// A header, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type of the body, in lower case and without parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let value = value.split(';').next().unwrap_or_default().trim();
        Some(value.to_ascii_lowercase())
    }

    /// Whether one of the media types that the header lists is JSON, which is when Flux decodes a
    /// body for its filters.
    pub(crate) fn is_json(&self) -> bool {
        let types = self.header("content-type").unwrap_or_default().split(',');
        types
            .map(|one| one.split(';').next().unwrap_or_default().trim())
            .any(|one| one.eq_ignore_ascii_case("application/json"))
    }
}

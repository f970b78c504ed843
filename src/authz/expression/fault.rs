//! Why a condition has no answer.

/// What ends the evaluation of a condition without an answer. The request is then denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A map has no such key, among them claims that the token does not have.
    #[error("no such key")]
    NoSuchKey,
    /// An operator or function is not made for values of these types.
    #[error("no such operation on values of these types")]
    NoSuchOverload,
    /// A list has no element at this index.
    #[error("the index is beyond the list")]
    IndexOutOfRange,
    /// A number, timestamp or duration is too large.
    #[error("the result is out of range")]
    Overflow,
    /// An integer is divided by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A value does not have the form that a conversion needs.
    #[error("the value cannot be converted")]
    Conversion,
    /// A key is given twice, or can be none.
    #[error("the key of a map is given twice, or is no key")]
    Key,
    /// A number of the token needs more than 64 bits.
    #[error("a number of the token is beyond 64 bits")]
    NumberTooLarge,
    /// The request or the token has no such property: a host, a tenant, a capture.
    #[error("the request has no such property")]
    Unbound,
    /// A header of the request is no text.
    #[error("a header is not UTF-8")]
    HeaderNotText,
    /// A header of the request comes in another spelling too, or instead, which the upstream may read; or all are
    /// gone through and one is not of letters, digits and hyphens.
    #[error("a header comes in another spelling than this, which servers may take for the same")]
    HeaderRespelled,
    /// The result is neither true nor false.
    #[error("the result is not a bool")]
    NotBool,
    /// More than 256 elements in `all`, `exists`, `exists_one`, `map` or `filter`.
    #[error("a list of more than 256 elements cannot be gone through")]
    TooManyElements,
    /// The condition costs more than any may.
    #[error("the condition is too expensive for this token")]
    Exhausted,
}

impl Fault {
    /// Whether no `||` and no `&&` can make up for it: bounds hold, whatever stands beside what broke them.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::TooManyElements | Self::Exhausted)
    }
}

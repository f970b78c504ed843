//! The reason codes that a test may expect: those of a decision, with the status of each.

/// The status of the answer with this reason; none for what is no reason of a decision. What passes counts as 200.
pub(super) fn status(reason: &str) -> Option<u16> {
    REASONS.iter().find(|(known, _)| *known == reason).map(|(_, status)| *status)
}

/// Whether the gateway answers with this status, or lets pass.
pub(super) fn has_status(status: u16) -> bool {
    REASONS.iter().any(|(_, known)| *known == status)
}

/// Every status of a decision, each once.
pub(super) fn statuses() -> Vec<u16> {
    let mut statuses: Vec<u16> = REASONS.iter().map(|(_, status)| *status).collect();
    statuses.dedup();
    statuses
}

/// Every reason code of a decision.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    REASONS.iter().map(|(reason, _)| *reason)
}

/// What a connection, an upstream or a load is needed for is not among them: no test sees it.
const REASONS: &[(&str, u16)] = &[
    ("allowed", 200),
    ("public", 200),
    ("anonymous", 200),
    ("target_ambiguous", 400),
    ("credential_malformed", 400),
    ("credential_ambiguous", 400),
    ("token_missing", 401),
    ("token_too_large", 401),
    ("token_malformed", 401),
    ("critical_header_unsupported", 401),
    ("issuer_unknown", 401),
    ("issuer_not_allowed", 401),
    ("algorithm_not_allowed", 401),
    ("token_type_not_allowed", 401),
    ("key_unknown", 401),
    ("key_unsuitable", 401),
    ("signature_invalid", 401),
    ("token_expired", 401),
    ("token_not_yet_valid", 401),
    ("token_too_old", 401),
    ("audience_mismatch", 401),
    ("claim_missing", 401),
    ("claim_malformed", 401),
    ("binding_invalid", 401),
    ("token_revoked", 401),
    ("policy_denied", 403),
    ("identity_unsendable", 403),
    ("cross_site", 403),
    ("route_not_found", 404),
    ("method_not_allowed", 405),
];

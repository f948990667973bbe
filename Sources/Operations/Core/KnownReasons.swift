extension KnownValue {
    /// Why messages become dead letters, as far as Martlet itself says it; those of the stored dead letters come beside them.
    static let reasons: Set<String> = [
        "attempts_exhausted", "bad_headers", "bad_variables", "blocked_word", "body_missing", "budget_too_small",
        "budget_used_up", "data_error",
        "expired", "held_word", "in_doubt", "line_break_in_subject", "missing_variable", "no_confirm_link", "no_price",
        "no_route",
        "no_template", "overlong", "poison", "rejected_content", "rejected_martlet", "rejected_provider", "rejected_recipient",
        "rejected_sender", "required_variable", "sender_cannot", "template_syntax", "too_large", "too_many_attempts",
        "unknown_class",
        "unknown_sender",
    ]
}

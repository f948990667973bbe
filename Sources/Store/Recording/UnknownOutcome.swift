/// What is known of tries without an answer; pieces of SQL that several statements share.
enum UnknownOutcome {
    /// True when a try of the message may have arrived: it has neither an answer nor a receipt that says what became of it. A late refusal
    /// is evidence for people and no answer (`late_refusal`).
    /// - Parameter after: the number of a try; only later ones are looked at.
    static func exists(in message: String, after: String? = nil) -> String {
        """
        exists (select from martlet_data.attempts t where t.message_id = \(message) \(after.map { "and t.attempt > \($0)" } ?? "")
            and not exists (select from martlet_data.receipts s where s.message_id = t.message_id and s.attempt = t.attempt
                and s.kind in ('accepted', 'deferred', 'rejected', 'delivered', 'undelivered')) offset 0)
        """
    }

    /// A row `(kind, attempt)` for a message that the provider has, or of which every try that may have arrived has failed; since an admin put it back
    /// to work. None: it is not settled.
    static func settledBy(_ message: String) -> String {
        """
        select r.kind, r.attempt from martlet_data.receipts r
        left join lateral (select max(q.requeued_at) as at from martlet_data.requeues q where q.message_id = r.message_id) q on true
        where r.message_id = \(message) and r.kind in ('accepted', 'delivered', 'undelivered')
            and (q.at is null or r.at > q.at and (r.kind <> 'undelivered' or exists (
                select from martlet_data.attempts a where a.message_id = r.message_id and a.attempt = r.attempt and a.admitted_at > q.at)))
            and (r.kind <> 'undelivered' or not \(exists(in: "r.message_id")))
        order by case r.kind when 'delivered' then 0 when 'accepted' then 1 else 2 end, r.attempt desc nulls last limit 1
        """
    }
}

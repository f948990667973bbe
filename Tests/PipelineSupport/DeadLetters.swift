import Domain
import Postgres
import Store

extension Shop {
    /// Makes messages to `count` recipients from `first` on dead letters, as a worker would; answers their ids.
    public func deadLetters(
        _ count: Int, to first: Int = 490_000_000_000, reason: String = "attempts_exhausted",
        in messageClass: String = "transactional"
    ) async throws -> [Int64] {
        try await script(
            """
            create temp table dying as select martlet.enqueue('\(messageClass)', 'sms', '+' || (\(first)::int8 + n), 'note', '{"text": "x"}') as id
                from generate_series(0, \(count) - 1) n;
            """)
        try await die("select id from dying", reason: reason, in: messageClass)
        let ids = try await texts("select id::text from dying order by id").compactMap(Int64.init)
        try await script("drop table dying")
        return ids
    }

    /// Messages that wait become dead letters.
    public func die(_ ids: String, reason: String = "attempts_exhausted", in messageClass: String = "transactional") async throws
    {
        try await script(
            """
            with gone as (delete from martlet_data.ready where message_id in (\(ids)) returning message_id, series)
            insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, provider, reason, explanation, remedy,
                    lane, attempt, series, message, history)
                select m.id, '\(messageClass)', 'sms', m.recipient_key, m.address, m.template, 'sandbox', '\(reason)', 'It was tried often.', 'Try it again.',
                    l.lane, 3, g.series, to_jsonb(m), '[]'
                from gone g join martlet_data.messages m on m.id = g.message_id join martlet_data.classes l on l.id = m.class_id;
            """)
    }
}

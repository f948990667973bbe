import Postgres

extension String {
    /// An insert into receipts that also makes events of the rows that are new and of these kinds; without kinds it is what it was.
    func publishing(_ kinds: [String]) -> String {
        guard !kinds.isEmpty else { return self }
        let list = kinds.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", ")
        return """
            with new as (\(self) returning message_id, attempt, kind, provider, code)
            select martlet_data.publish_receipts(array_agg(kind), array_agg(message_id), array_agg(attempt), array_agg(provider), array_agg(code))
            from (select * from new where kind in (\(list)) order by message_id, attempt, kind offset 0) n having count(*) > 0
            """
    }
}

import Postgres

/// The answers of a template `t` as two lists of the same length: names, and words.
enum SurveyColumns {
    static let sql = """
        array(select a.key from jsonb_each(t.answers) a, jsonb_array_elements_text(a.value) with ordinality w(word, n) order by a.key, w.n) as answer_names,
            array(select w.word from jsonb_each(t.answers) a, jsonb_array_elements_text(a.value) with ordinality w(word, n) order by a.key, w.n) as answer_words
        """

    static func read(_ row: PQRow, from column: Int) throws -> [String: [String]] {
        let (names, words) = (try row.textArray(column), try row.textArray(column + 1))
        return Dictionary(grouping: zip(names, words), by: \.0).mapValues { $0.map(\.1) }
    }
}

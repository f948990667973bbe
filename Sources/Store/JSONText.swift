import Domain

/// The little JSON that statements send.
enum JSONText {
    static func array(_ values: [String]) -> String { "[" + values.map(JSONString.quoted).joined(separator: ",") + "]" }

    /// Lists by name, in the order of the names.
    static func object(_ lists: [String: [String]]) -> String {
        "{" + lists.sorted { $0.key < $1.key }.map { "\(JSONString.quoted($0.key)):\(array($0.value))" }.joined(separator: ",")
            + "}"
    }
}

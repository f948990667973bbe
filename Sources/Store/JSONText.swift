import Domain

/// The little JSON that statements send.
enum JSONText {
    static func array(_ values: [String]) -> String { "[" + values.map(JSONString.quoted).joined(separator: ",") + "]" }
}

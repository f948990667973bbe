/// The ids that a carrier gave the parts of one message, as `Outcome.accepted(reference:)` holds them: in the order of the parts, with
/// commas between. A comma or `%` inside an id is `%2C` or `%25`; a part without an id is empty.
public enum CarrierReference {
    /// nil when no part has an id.
    public static func join(_ ids: [String?]) -> String? {
        guard ids.contains(where: { !($0 ?? "").isEmpty }) else { return nil }
        return ids.map { id in
            let id = id ?? ""
            guard id.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "%") }) else { return id }
            return id.replacing("%", with: "%25").replacing(",", with: "%2C")
        }.joined(separator: ",")
    }

    public static func parts(_ reference: String) -> [String] {
        reference.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0).replacing("%2C", with: ",").replacing("%25", with: "%")
        }
    }
}

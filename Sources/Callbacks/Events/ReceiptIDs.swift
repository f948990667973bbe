public import Domain

/// What the ids that a provider answers with are good for.
public enum ReceiptIDs: Sendable {
    /// No receipt will name them, or there are none.
    case none
    /// Every part of a message has a receipt of its own.
    case ofParts
    /// One receipt speaks for the whole message, by the id of any of its parts.
    case ofMessages

    /// Whether the ids of accepted messages of this provider must be kept. `.none` for options that are wrong, too.
    public init(of policy: ProviderPolicy) {
        do {
            switch policy.transport {
            case "smpp": self = Self.smpp(receipts: policy.options["receipts"], parts: policy.options["receipt_parts"])
            default: self = try ProviderCallbacks.options(policy)?.receiptIDs ?? .none
            }
        } catch {
            self = .none  // the transport says what is wrong
        }
    }

    private static func smpp(receipts: String?, parts: String?) -> Self {
        receipts == "none" ? .none : parts == "last" ? .ofMessages : .ofParts
    }
}

import Domain
import Text

/// Twilio's callbacks (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status, …/twiml#request-parameters): forms.
enum TwilioCallbacks {
    static func read(_ request: CallbackRequest, provider: String) -> [ProviderEvent] {
        let pairs = FormPairs.decode(request.body) + request.queryPairs
        func value(_ name: String) -> String? {
            pairs.first { $0.name == name }.map { String($0.value.withoutControls.trimmingBlanks.prefix(500)) }
                .flatMap { $0.isEmpty ? nil : $0 }
        }
        // Inbound texts have a body, and no status but `received`.
        if let body = pairs.first(where: { $0.name == "Body" })?.value, value("MessageStatus") == nil, let from = value("From") {
            let text = String(body.prefix(20_000))
            var inbound = InboundText(
                provider: provider, from: bare(from), to: bare(value("To") ?? ""), text: text, dataCoding: 0,
                octets: Array(text.utf8))
            // WhatsApp's buttons and lists: https://www.twilio.com/docs/whatsapp/buttons
            let words = ["ButtonPayload", "ButtonText", "ListId", "ListTitle"].compactMap(value)
            if !words.isEmpty { inbound.words = words }
            // Advanced Opt-Out knows words that only the account's settings have: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
            inbound.flag = value("OptOutType").flatMap { ["STOP": .stop, "START": .start][$0.uppercased()] }
            return [.text(inbound)]
        }
        guard let status = value("MessageStatus") ?? value("SmsStatus"), let (state, isFinal) = state(status) else { return [] }
        var receipt = CarrierReceipt(
            provider: provider, id: value("MessageSid") ?? value("SmsSid"), state: state, isFinal: isFinal,
            error: value("ErrorCode").flatMap { $0 == "0" ? nil : $0 } ?? (state == .unknown ? status : nil),
            recipient: bare(value("To") ?? "").trimmingPrefix("+").description)
        receipt.handOver = request.handOver
        // The recipient said STOP to this sender: Twilio delivers nothing more.
        if value("ErrorCode") == "21610" { receipt.consequence = .bounced }
        return [.receipt(receipt)]
    }

    /// nil: about a text that came in.
    private static func state(_ status: String) -> (CarrierReceipt.State, Bool)? {
        switch status {
        case "delivered", "read": (.delivered, true)
        case "undelivered": (.undeliverable, true)
        case "failed": (.rejected, true)
        case "canceled": (.deleted, true)
        case "sending", "sent", "partially_delivered": (.enroute, false)
        case "accepted", "queued": (.accepted, false)
        case "scheduled": (.scheduled, false)
        case "receiving", "received": nil
        default: (.unknown, false)
        }
    }

    /// Without `whatsapp:` and its like.
    private static func bare(_ address: String) -> String {
        address.firstIndex(of: ":").map { String(address[address.index(after: $0)...]) } ?? address
    }
}

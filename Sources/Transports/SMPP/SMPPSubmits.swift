import Domain
import Text

/// Makes the submit_sm of a submission: as many as it has parts, or one with message_payload.
struct SMPPSubmits: Sendable {
    let account: SMPPAccount

    /// - Parameters:
    ///   - reference: for the parts of a long text; called at most once.
    ///   - now: of the wall clock, for absolute validity periods only.
    func messages(
        _ submission: Submission, reference: () -> UInt16, now: () -> Timestamp
    ) throws(SubmissionRefused) -> [SMPPMessage] {
        guard case .sms(let text) = submission.rendered.content else {
            throw SubmissionRefused(
                code: "wrong_channel", detail: "an SMPP provider sends SMS; route this channel elsewhere", blame: .martlet)
        }
        guard text.parts.count <= 255, !text.parts.isEmpty else {
            throw SubmissionRefused(
                code: "too_many_parts", detail: "\(text.parts.count) parts; 255 can be joined", blame: .content)
        }
        var message = SMPPMessage(serviceType: account.serviceType)
        message.source = try source(submission.rendered.from)
        message.destination = try destination(submission.to)
        message.validityPeriod = validityPeriod(submission.validity, now)
        let isPayload = account.longText == .payload && text.parts.count > 1
        let coded = try coded(text, asPayload: isPayload)
        message.dataCoding = coded.dataCoding
        if coded.parts.count == 1 {
            message.registeredDelivery = account.registeredDelivery(isLast: true)
            if isPayload {
                message.parameters = [SMPPParameter(tag: .messagePayload, value: coded.parts[0])]
            } else {
                message.shortMessage = coded.parts[0]
            }
            return [message]
        }
        return joined(coded.parts, message, reference())
    }

    // MARK: addresses

    /// Letters are an alphanumeric sender; short numbers belong to the network; `+…` is international.
    func source(_ from: String) throws(SubmissionRefused) -> SMPPAddress {
        let isInternational = from.utf8.first == UInt8(ascii: "+")
        let digits = isInternational ? String(from.dropFirst()) : from
        guard !digits.isEmpty, digits.utf8.count <= 20, digits.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw SubmissionRefused(
                code: "bad_sender", detail: "a sender has 1 to 20 characters of ASCII, at most 11 if it has letters",
                blame: .sender)
        }
        let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber || digits.utf8.count <= 11 else {
            throw SubmissionRefused(code: "bad_sender", detail: "a sender with letters has at most 11 characters", blame: .sender)
        }
        let (ton, npi): (UInt8, UInt8) =
            !isNumber ? (5, 0) : isInternational ? (1, 1) : digits.utf8.count <= 8 ? (3, 0) : (0, 1)
        return SMPPAddress(ton: account.sourceTON ?? ton, npi: account.sourceNPI ?? npi, digits: digits)
    }

    private func destination(_ to: String) throws(SubmissionRefused) -> SMPPAddress {
        let digits = to.utf8.first == UInt8(ascii: "+") ? String(to.dropFirst()) : to
        guard (1...20).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw SubmissionRefused(
                code: "bad_address", detail: "the recipient is no phone number of the form +4479…", blame: .recipient)
        }
        return SMPPAddress(ton: account.destinationTON, npi: account.destinationNPI, digits: digits)
    }

    // MARK: text

    private func coded(_ text: SMSText, asPayload: Bool) throws(SubmissionRefused) -> (dataCoding: UInt8, parts: [[UInt8]]) {
        let texts = asPayload ? [text.text] : text.parts
        switch (text.encoding, account.alphabet) {
        case (.gsm7, .gsm7):
            if let parts = Self.all(texts, GSM7.encode) { return (0, try fitting(parts, single: 160, part: 153, asPayload)) }
            throw SubmissionRefused(
                code: "not_gsm7", detail: "the text is marked GSM-7 and has a character that GSM-7 has not", blame: .martlet)
        case (.gsm7, .latin1):
            if let parts = Self.all(texts, Latin1.octets) { return (3, try fitting(parts, single: 160, part: 153, asPayload)) }
            // Billed by its parts: as UCS-2 only if it needs no more of them.
            let parts = texts.map(Self.utf16)
            let room = parts.count == 1 ? 140 : 134
            guard asPayload || parts.allSatisfy({ $0.count <= room }) else {
                throw SubmissionRefused(
                    code: "not_latin1",
                    detail: "a character is not in ISO 8859-1, and as UCS-2 the text would need more parts than were counted;"
                        + " use alphabet: gsm7 if the carrier takes it", blame: .content)
            }
            return (8, parts)
        case (.ucs2, _): return (8, try fitting(texts.map(Self.utf16), single: 140, part: 134, asPayload))
        }
    }

    private static func all(_ texts: [String], _ encode: (String) -> [UInt8]?) -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        parts.reserveCapacity(texts.count)
        for text in texts {
            guard let octets = encode(text) else { return nil }
            parts.append(octets)
        }
        return parts
    }

    /// UTF-16, high octet first, no byte order mark.
    static func utf16(_ text: String) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count * 2)
        for unit in text.utf16 {
            octets.append(UInt8(unit >> 8))
            octets.append(UInt8(unit & 0xFF))
        }
        return octets
    }

    /// Render has divided it; what does not fit is refused, never cut.
    private func fitting(_ parts: [[UInt8]], single: Int, part: Int, _ asPayload: Bool) throws(SubmissionRefused) -> [[UInt8]] {
        // 64 KiB less what the other fields of a frame may take.
        let room = asPayload ? 64_000 : parts.count == 1 ? single : part
        guard let long = parts.first(where: { $0.count > room }) else { return parts }
        throw SubmissionRefused(
            code: "part_too_long", detail: "a part has \(long.count) octets where \(room) fit", blame: .martlet)
    }

    // MARK: parts

    private func joined(_ parts: [[UInt8]], _ common: SMPPMessage, _ reference: UInt16) -> [SMPPMessage] {
        let total = UInt8(parts.count)
        // Its header is a septet longer than what Render leaves room for: then the 8-bit one does (README).
        let isWide = account.longText == .udh16 && parts.allSatisfy { $0.count <= (common.dataCoding == 8 ? 132 : 152) }
        return parts.enumerated().map { index, octets in
            let number = UInt8(index + 1)
            var message = common
            message.registeredDelivery = account.registeredDelivery(isLast: number == total)
            switch account.longText {
            case .sar:
                message.shortMessage = octets
                message.parameters = [
                    SMPPParameter(tag: .sarReference, value: [UInt8(reference >> 8), UInt8(reference & 0xFF)]),
                    SMPPParameter(tag: .sarTotal, value: [total]),
                    SMPPParameter(tag: .sarSequence, value: [number]),
                ]
            case .udh8, .udh16, .payload:
                message.esmClass |= 0x40
                let header: [UInt8] =
                    isWide
                    ? [6, 8, 4, UInt8(reference >> 8), UInt8(reference & 0xFF), total, number]
                    : [5, 0, 3, UInt8(reference & 0xFF), total, number]
                message.shortMessage = header + octets
            }
            return message
        }
    }

    // MARK: validity

    /// The time the recipient may still receive it (time to live and quiet hours are in `validity`), at most what the carrier takes.
    private func validityPeriod(_ validity: Duration, _ now: () -> Timestamp) -> String {
        let seconds = max(1, min(validity, account.maximumValidity).components.seconds)
        switch account.validity {
        case .off: return ""
        case .relative: return SMPPTime.relative(seconds: seconds)
        case .absolute: return SMPPTime.absolute(now() + .seconds(seconds))
        }
    }
}

/// Times as SMPP writes them (7.1.1): `YYMMDDhhmmsstnnp`.
enum SMPPTime {
    /// From now on; in days at most, since months have no certain length. 30 days at most.
    static func relative(seconds: Int64) -> String {
        let seconds = min(seconds, 30 * 86_400)
        return "0000" + two(seconds / 86_400) + two(seconds / 3600 % 24) + two(seconds / 60 % 60) + two(seconds % 60) + "000R"
    }

    /// In UTC.
    static func absolute(_ instant: Timestamp) -> String {
        let total = instant.microseconds / 1_000_000
        let (year, month, day) = civil(total / 86_400)
        let clock = total % 86_400
        return two(year % 100) + two(month) + two(day) + two(clock / 3600) + two(clock / 60 % 60) + two(clock % 60) + "000+"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The date of a day since 1970-01-01 (proleptic Gregorian; years are counted from March, so that leap days come last).
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

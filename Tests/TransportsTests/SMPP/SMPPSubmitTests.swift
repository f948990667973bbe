import Domain
import Foundation
import Rendering
import Testing

@testable import Callbacks
@testable import Transports

/// A text as Render divides it.
func sms(
    _ text: String, id: Int64 = 1, attempt: Int = 1, to: String = "+8613900000000", from: String = "Shop",
    validity: Duration = .seconds(3600), sendWithin: Duration = .seconds(60), answerWithin: Duration = .seconds(60),
    urgent: Bool = false
) -> Submission {
    let now = ContinuousClock.now
    return Submission(
        messageID: MessageID(id), attempt: attempt, to: to,
        rendered: RenderedMessage(content: .sms(Segmentation.split(text)), from: from, templateVersion: 1),
        sendBy: now + sendWithin, answerBy: now + answerWithin, validity: validity, isUrgent: urgent)
}

@Suite("SMPP submits")
struct SMPPSubmitTests {
    /// 2026-11-22T15:30:45Z.
    static let now = Timestamp(microseconds: 1_795_361_445_000_000)

    func submits(_ submission: Submission, _ change: (inout SMPPAccount) -> Void = { _ in }) throws -> [SMPPMessage] {
        var account = SMPPAccount()
        change(&account)
        return try SMPPSubmits(account: account).messages(submission, reference: { 0xABCD }, now: { Self.now })
    }

    func refusal(_ submission: Submission, _ change: (inout SMPPAccount) -> Void = { _ in }) -> String {
        do {
            _ = try submits(submission, change)
            return "none"
        } catch let error as SubmissionRefused {
            return "\(error.failure.code) \(error.failure.blame)"
        } catch { return "\(error)" }
    }

    @Test(
        "GSM 03.38 unpacked, ISO 8859-1 or UTF-16BE without a byte order mark, and the data_coding says which",
        arguments: [
            ("a@€", .gsm7, 0, "61 00 1b65"), ("é", .gsm7, 0, "05"), ("é", .latin1, 3, "e9"), ("a@", .latin1, 3, "61 40"),
            // What the account's alphabet lacks goes as UCS-2 where that costs no part more.
            ("€", .latin1, 8, "20ac"), ("好😀", .gsm7, 8, "597d d83d de00"), ("好", .latin1, 8, "597d"),
        ] as [(String, SMPPAccount.Alphabet, UInt8, String)])
    func coding(text: String, alphabet: SMPPAccount.Alphabet, dataCoding: UInt8, expected: String) throws {
        let message = try #require(try submits(sms(text)) { $0.alphabet = alphabet }.first)
        #expect(message.dataCoding == dataCoding)
        #expect(message.shortMessage == octets(expected))
        #expect(message.esmClass == 0)
    }

    @Test("nothing is substituted: what cannot be written is refused")
    func nothingSubstituted() {
        #expect(refusal(sms(String(repeating: "a", count: 100) + "€")) { $0.alphabet = .latin1 } == "not_latin1 content")
        var wrong = sms("a")
        wrong.rendered.content = .sms(SMSText(text: "好", encoding: .gsm7, parts: ["好"], units: 1))
        #expect(refusal(wrong) == "not_gsm7 martlet")
        wrong.rendered.content = .http("x")
        #expect(refusal(wrong) == "wrong_channel martlet")
    }

    static let longTexts = [
        String(repeating: "A", count: 159) + "€", String(repeating: "A", count: 152) + "{" + String(repeating: "B", count: 152),
        String(repeating: "好", count: 66) + "😀" + String(repeating: "好", count: 66), String(repeating: "x", count: 306),
    ]

    @Test("the parts of a long text join to the text, whatever holds them together", arguments: longTexts)
    func longText(text: String) throws {
        let submission = sms(text)
        guard case .sms(let split) = submission.rendered.content else {
            Issue.record("no SMS")
            return
        }
        for way in SMPPAccount.LongText.allCases {
            let messages = try submits(submission) { $0.longText = way }
            #expect(messages.count == (way == .payload ? 1 : split.parts.count))
            let receiver = SMPPReceiver(provider: "p")
            var joined = ""
            for (index, message) in messages.enumerated() {
                guard case .text(let read) = receiver.event(message) else {
                    Issue.record("no text")
                    return
                }
                joined += read.text ?? ""
                if way == .payload { continue }
                let reference = way == .udh8 ? 0xCD : 0xABCD
                // A header of 16 bits has no room behind a full part: the 8-bit one is used for all of them.
                #expect(read.part?.reference == reference || (way == .udh16 && read.part?.reference == 0xCD))
                #expect(read.part?.total == split.parts.count && read.part?.number == index + 1)
                #expect(message.shortMessage.count <= (message.dataCoding == 8 ? 140 : 159))
                #expect(message.hasHeader == (way != .sar))
            }
            #expect(joined == text)
        }
    }

    @Test("headers have the octets of TS 23.040")
    func headers() throws {
        let text = String(repeating: "x", count: 200)
        #expect(
            try submits(sms(text)).map { Array($0.shortMessage.prefix(6)) } == [[5, 0, 3, 0xCD, 2, 1], [5, 0, 3, 0xCD, 2, 2]])
        let gap = String(repeating: "x", count: 152) + "€" + String(repeating: "x", count: 100)
        #expect(
            try submits(sms(gap)) { $0.longText = .udh16 }.map { Array($0.shortMessage.prefix(7)) } == [
                [6, 8, 4, 0xAB, 0xCD, 2, 1], [6, 8, 4, 0xAB, 0xCD, 2, 2],
            ])
        #expect(
            try submits(sms(text)) { $0.longText = .sar }[1].parameters.map { ($0.tag.rawValue, $0.value) }.map { "\($0)" } == [
                "(524, [171, 205])", "(526, [2])", "(527, [2])",
            ])
    }

    @Test("never truncated: a part that does not fit is refused, so are more than 255")
    func neverCut() {
        var long = sms("a")
        let text = String(repeating: "a", count: 161)
        long.rendered.content = .sms(SMSText(text: text, encoding: .gsm7, parts: [text], units: 161))
        #expect(refusal(long) == "part_too_long martlet")
        long.rendered.content = .sms(
            SMSText(text: "", encoding: .gsm7, parts: Array(repeating: "a", count: 256), units: 256))
        #expect(refusal(long) == "too_many_parts content")
    }

    @Test("256 long texts in a row to one number have 256 references, whatever is sent to others between them")
    func references() {
        let references = SMPPReferences()
        var seen: Set<UInt8> = []
        for other in 0..<256 {
            seen.insert(UInt8(references.next(for: "8613900000000") & 0xFF))
            _ = references.next(for: "44790000\(other)")
        }
        #expect(seen.count == 256)
    }

    @Test(
        "receipts are asked for as the account says, on every part or the last",
        arguments: [
            (.none, false, .every, [0, 0, 0]), (.final, false, .every, [1, 1, 1]), (.failure, false, .every, [2, 2, 2]),
            (.final, true, .every, [0x11, 0x11, 0x11]), (.final, false, .last, [0, 0, 1]), (.failure, true, .last, [0, 0, 0x12]),
        ] as [(SMPPAccount.Receipts, Bool, SMPPAccount.ReceiptParts, [UInt8])])
    func registered(receipts: SMPPAccount.Receipts, intermediate: Bool, parts: SMPPAccount.ReceiptParts, expected: [UInt8]) throws
    {
        let messages = try submits(sms(String(repeating: "a", count: 400))) {
            ($0.receipts, $0.intermediateReceipts, $0.receiptParts) = (receipts, intermediate, parts)
        }
        #expect(messages.map(\.registeredDelivery) == expected)
        #expect(try submits(sms("a")) { $0.receiptParts = .last }.map(\.registeredDelivery) == [1])
    }

    @Test(
        "the validity period is what remains for the recipient, at most what the carrier takes",
        arguments: [
            (90, .relative, "000000000130000R"), (3600 * 25 + 61, .relative, "000001010101000R"),
            (0, .relative, "000000000001000R"),
            (3600 * 24 * 9, .relative, "000003000000000R"), (75, .absolute, "261122153200000+"),
            (3600 * 24 * 9, .absolute, "261125153045000+"), (60, .off, ""),
        ] as [(Int64, SMPPAccount.Validity, String)])
    func validity(seconds: Int64, format: SMPPAccount.Validity, expected: String) throws {
        #expect(try submits(sms("a", validity: .seconds(seconds))) { $0.validity = format }[0].validityPeriod == expected)
    }

    @Test("days run on across months and leap years")
    func dates() {
        // 2028-02-28T23:59:59Z and a second and a day later.
        let eve = Timestamp(microseconds: 1_835_395_199_000_000)
        #expect(SMPPTime.absolute(eve) == "280228235959000+")
        #expect(SMPPTime.absolute(eve + .seconds(1)) == "280229000000000+")
        #expect(SMPPTime.absolute(eve + .seconds(86_401)) == "280301000000000+")
        #expect(SMPPTime.relative(seconds: 400 * 86_400) == "000030000000000R")
    }

    @Test(
        "senders have the type of number of what they look like, unless the account says otherwise",
        arguments: [
            ("Shop", 5, 0, "Shop"), ("+447900000000", 1, 1, "447900000000"), ("10690", 3, 0, "10690"),
            ("447900000000", 0, 1, "447900000000"),
        ] as [(String, UInt8, UInt8, String)])
    func senders(from: String, ton: UInt8, npi: UInt8, digits: String) throws {
        #expect(try submits(sms("a", from: from))[0].source == SMPPAddress(ton: ton, npi: npi, digits: digits))
        let fixed = try submits(sms("a", from: from)) { ($0.sourceTON, $0.sourceNPI) = (6, 9) }[0].source
        #expect(fixed == SMPPAddress(ton: 6, npi: 9, digits: digits))
    }

    @Test("addresses that cannot be are refused before anything leaves")
    func badAddresses() {
        for from in ["", "Twelve chars", "Ünï", String(repeating: "1", count: 21)] {
            #expect(refusal(sms("a", from: from)) == "bad_sender sender", "\(from)")
        }
        for to in ["", "+", "+44 7900", "a@b.test", "+123456789012345678901"] {
            #expect(refusal(sms("a", to: to)) == "bad_address recipient", "\(to)")
        }
    }
}

@Suite("SMPP outcomes")
struct SMPPOutcomeTests {
    @Test(
        "every status has its class: who has to do something, and whether another try makes sense",
        arguments: [
            (0x0B, "rejected recipient"), (0x0A, "rejected sender"), (0x01, "rejected content"), (0x45, "deferred provider"),
            (0x08, "deferred provider"), (0x65, "deferred provider"), (0x02, "rejected martlet"), (0x14, "deferred provider"),
            (0x58, "deferred provider kept throttled"), (0x15, "deferred provider kept"), (0x0E, "deferred provider kept"),
            (0x4C7, "deferred provider"),
        ] as [(UInt32, String)])
    func statuses(status: UInt32, expected: String) {
        #expect(Self.short(SMPPClassification(SMPPStatus(status)).outcome) == expected)
    }

    static func short(_ outcome: Outcome) -> String {
        guard let failure = outcome.failure else { return outcome.name }
        return "\(outcome.name) \(failure.blame)\(failure.countsAttempt ? "" : " kept")\(failure.throttled ? " throttled" : "")"
            + (failure.suppressesAddress ? " suppressed" : "")
    }

    @Test("an account can say otherwise for its carrier")
    func overrides() throws {
        let overrides = try SMPPClassification.overrides("0x0b=gone, 1035=throttled;0x45=content")
        #expect(overrides.count == 3)
        func outcome(_ status: UInt32) -> String { Self.short(SMPPClassification(SMPPStatus(status), overrides).outcome) }
        #expect(outcome(0x0B) == "rejected recipient suppressed")
        #expect(outcome(1035) == "deferred provider kept throttled")
        #expect(outcome(0x45) == "rejected content")
        for wrong in ["0x0b", "0x0b=x", "x=retry", "0=retry", "0xfffffffff=retry"] {
            #expect(throws: SMPPOverrideError.self) { try SMPPClassification.overrides(wrong) }
        }
    }

    @Test("failures name the status as the standard does")
    func names() {
        let failure = SMPPClassification(SMPPStatus(0x0B)).outcome.failure
        #expect(failure?.code == "smpp_0x0b" && failure?.detail == "ESME_RINVDSTADR: the destination address is invalid")
        #expect(SMPPClassification(SMPPStatus(0x40B)).detail == "status 0x40b, one of the carrier's own")
    }

    static let refused = Outcome.rejected(Failure(code: "r", detail: "", blame: .recipient))
    static let later = Outcome.deferred(Failure(code: "d", detail: "", blame: .provider))
    static let unknownOutcome = Outcome.unknown(Failure(code: "u", detail: "", blame: .provider))

    @Test(
        "a message is what its parts are; a fragment is a doubt, never lost and never sent twice unasked",
        arguments: [
            ([.accepted(reference: "a")], "accepted a"), ([refused], "rejected r"), ([unknownOutcome], "unknown u"),
            ([.accepted(reference: "a"), .accepted(reference: nil), .accepted(reference: "c,%")], "accepted a,,c%2C%25"),
            ([.accepted(reference: nil), .accepted(reference: nil)], "accepted -"),
            ([later, refused], "rejected r"), ([later, later], "deferred d"),
            ([.accepted(reference: "a"), refused], "unknown sent_in_part"),
            ([.accepted(reference: "a"), later], "unknown sent_in_part"),
            ([.accepted(reference: "a"), unknownOutcome], "unknown sent_in_part"), ([unknownOutcome, refused], "unknown u"),
            ([unknownOutcome, unknownOutcome], "unknown u"),
        ] as [([Outcome], String)])
    func tally(parts: [Outcome], expected: String) {
        for order in [Array(parts.indices), parts.indices.reversed()] {
            var tally = SMPPTally(count: parts.count)
            for part in order { tally.sent(part) }
            for part in order {
                #expect(tally.outcome == nil)
                tally.answered(part, parts[part])
            }
            let outcome = tally.outcome
            if case .accepted(let reference)? = outcome {
                #expect("accepted \(reference ?? "-")" == expected)
            } else {
                #expect("\(outcome?.name ?? "none") \(outcome?.failure?.code ?? "")" == expected)
            }
        }
    }

    @Test("parts that were never sent count as such: after a failure they stay, before the deadline they wait")
    func unsent() {
        var tally = SMPPTally(count: 3)
        tally.sent(0)
        tally.answered(0, .accepted(reference: "a"))
        #expect(tally.outcome == nil)
        tally.reason = .deadlinePassed
        #expect(tally.outcome?.failure?.detail == "of 3 parts: 1 accepted as a, 2 not sent, 3 not sent")
        var other = SMPPTally(count: 2)
        other.sent(0)
        other.answered(0, Self.refused)
        #expect(other.outcome == Self.refused)
        var none = SMPPTally(count: 2)
        none.sent(0)
        none.returned(0)
        #expect(none.outcome == nil && !none.hasBegun)
        none.reason = .stopping
        #expect(none.outcome == .deferred(.stopping))
    }

    @Test("the ids of parts come back out of a reference")
    func reference() {
        #expect(CarrierReference.join(["a", nil, "c,%2C"]).map(CarrierReference.parts) == ["a", "", "c,%2C"])
        #expect(CarrierReference.join([nil]) == nil)
        #expect(CarrierReference.parts("4F1C2") == ["4F1C2"])
    }
}

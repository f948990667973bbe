import Domain
import Testing

@testable import Callbacks
@testable import Transports

@Suite("SMTP classification")
struct SMTPClassificationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var reply: String
        var stage: SMTPClassification.Stage
        /// Outcome, blame, and `suppress`, `throttled`, `kept` (attempt not counted), `configuration`.
        var expected: String
        var testDescription: String { reply }

        init(_ reply: String, _ stage: SMTPClassification.Stage, _ expected: String) {
            (self.reply, self.stage, self.expected) = (reply, stage, expected)
        }
    }

    @Test(
        "words first, then the enhanced code, then the basic code",
        arguments: [
            Case("550 5.1.1 user unknown", .recipient, "rejected recipient suppress"),
            Case("550 5.1.2 bad host", .recipient, "rejected recipient suppress"),
            Case("550 5.1.3 bad syntax", .recipient, "rejected recipient suppress"),
            Case("551 5.1.6 moved", .recipient, "rejected recipient suppress"),
            Case("556 5.1.10 null MX", .recipient, "rejected recipient suppress"),
            Case("550 5.1.1 user unknown", .content, "rejected recipient suppress"),
            Case("450 5.1.1 codes disagree", .recipient, "rejected recipient"),
            Case("550 4.1.1 codes disagree", .recipient, "deferred recipient"),
            Case("553 5.1.8 sender domain", .mail, "rejected sender"),
            Case("550 5.2.1 disabled", .recipient, "rejected recipient"),
            // Whose fault it is, by words that contradict the code.
            Case("550 Rejected: sender domain does not exist", .recipient, "rejected sender"),
            Case("550 Rejected: your reverse DNS entry does not exist", .recipient, "rejected sender"),
            Case("550 5.1.1 192.0.2.1 is on a blocklist", .recipient, "rejected sender"),
            Case("553 5.1.2 Domain of sender address a@b.test does not exist", .recipient, "rejected sender"),
            Case("550 Mailbox not found", .recipient, "rejected recipient suppress"),
            Case("550 User not found: b@y.test", .recipient, "rejected recipient suppress"),
            Case("550 User doesn't exist", .recipient, "rejected recipient suppress"),
            Case("550 Address unknown", .recipient, "rejected recipient suppress"),
            Case("550 5.5.0 Requested action not taken: mailbox unavailable", .recipient, "rejected recipient suppress"),
            Case("550 5.4.1 Recipient address rejected: Access denied", .recipient, "rejected recipient suppress"),
            Case("550 5.1.351 unknown recipient or mailbox unavailable", .recipient, "rejected recipient suppress"),
            Case("552 1 Requested mail action aborted, mailbox not found", .recipient, "rejected recipient suppress"),
            Case("554 delivery error: dd This user doesn't have an account (b@y.test)", .content, "rejected recipient suppress"),
            Case("550 5.7.1 <b@y.test>: Recipient address rejected: User unknown", .recipient, "rejected recipient suppress"),
            // Postfix's list of refused recipients, in the words that Exchange Online has for an address that is not there.
            Case("554 5.7.1 <b@y.test>: Recipient address rejected: Access denied", .recipient, "rejected recipient"),
            Case("550 5.4.1 [b@y.test]: Recipient address rejected: Access denied", .recipient, "rejected recipient suppress"),
            // Of whose domain, or host?
            Case("550 Host lookup did not complete: no such host", .recipient, "rejected recipient"),
            Case("550 No such domain: x.test", .recipient, "rejected recipient"),
            Case("550 5.1.2 domain not found", .recipient, "rejected recipient suppress"),
            Case("550 5.4.4 domain not found", .recipient, "rejected recipient suppress"),
            Case("550 Unrouteable address", .recipient, "rejected recipient suppress"),
            // Codes about the sender only.
            Case("550 5.1.8 user unknown", .recipient, "rejected sender"),
            Case("550 Sender user unknown", .recipient, "rejected sender"),
            Case("550 Access denied: too many unknown user attempts", .recipient, "deferred provider kept throttled"),
            // The server has not looked.
            Case("550 LDAP lookup failed; user unknown", .recipient, "rejected provider"),
            Case("550 5.1.1 Recipient verification temporarily failed", .recipient, "rejected provider"),
            // Carriers answer so for a filter of the recipient's.
            Case("550 Unknown user b@y.test", .content, "rejected recipient"),
            Case("550 User unknown", .mail, "rejected sender"),
            // RFC 5321, 4.2.2: "mailbox unavailable" is also said "for policy reasons".
            Case(
                "550 Requested action not taken: mailbox unavailable. Reject due to policy restrictions.", .recipient,
                "rejected content"),
            Case("550 Mailbox unavailable or access denied", .recipient, "rejected recipient"),
            Case("550 Requested action not taken: mailbox unavailable (not enough free space)", .recipient, "deferred recipient"),
            Case("550 MI:STC 163 smtp1,abc 1790000000", .recipient, "deferred provider kept throttled park"),
            Case(
                "550 permanent failure for one or more recipients (b@y.test:550 5.1.1 unknown)", .recipient,
                "rejected recipient suppress"),
            Case("550 permanent failure for one or more recipients (b@y.test:550 5.7.1 no)", .recipient, "rejected sender"),
            Case("550 mail server is Exim 4.2.1, later (450 4.2.1)", .recipient, "rejected recipient"),
            Case("550 No existe ese usuario", .recipient, "rejected recipient suppress"),
            Case("550 There is no one at this address", .recipient, "rejected recipient suppress"),
            // A mailbox that is there.
            Case("550 5.1.1 mailbox is full", .recipient, "deferred recipient"),
            Case("550 5.1.1 user is over quota", .recipient, "deferred recipient"),
            Case("550 5.1.1 sent to too many recipients this hour", .recipient, "deferred provider kept throttled"),
            Case("550 5.2.1 The user you are trying to contact is receiving mail too quickly", .recipient, "deferred recipient"),
            Case("550 account has been suspended", .recipient, "rejected recipient"),
            Case("552 5.2.2 mailbox full", .recipient, "deferred recipient"),
            Case("552 5.2.3 too long", .content, "rejected content"),
            Case("552 5.3.4 too big", .mail, "rejected content"),
            Case("554 5.6.0 bad MIME", .content, "rejected content"),
            Case("550 5.7.1 blocked, user unknown to us", .recipient, "rejected sender"),
            Case("550 5.7.26 DMARC", .content, "rejected sender"),
            Case("554 5.7.1 spam", .content, "rejected content"),
            Case("503 5.5.1 sequence", .mail, "rejected martlet"),
            Case("554 5.3.0 broken", .content, "rejected provider"),
            Case("550 5.4.1 no route", .recipient, "rejected recipient"),
            Case("530 5.7.0 Authentication required", .mail, "deferred provider kept configuration"),
            Case("530 must STARTTLS", .mail, "deferred provider kept configuration"),
            Case("535 5.7.8 bad password", .mail, "deferred provider kept configuration"),
            Case("550 No such user here", .recipient, "rejected recipient suppress"),
            Case("550 relaying denied", .recipient, "rejected sender"),
            Case("550 No such user here", .mail, "rejected sender"),
            Case("552 quota", .recipient, "deferred recipient"),
            Case("552 too much", .content, "rejected content"),
            Case("554 transaction failed", .content, "rejected content"),
            Case("502 unknown command", .data, "rejected martlet"),
            Case("450 4.2.0 Greylisted", .recipient, "deferred recipient"),
            Case("450 Greylisted, come back", .recipient, "deferred recipient"),
            Case("450 mailbox busy", .recipient, "deferred recipient"),
            // One recipient's matter, as long as no word speaks of the connection, the sender or the rate.
            Case("450 later", .recipient, "deferred recipient"),
            Case("451 Greylisted, try again later", .recipient, "deferred recipient"),
            Case("451 Temporary local problem", .recipient, "deferred recipient"),
            Case("451 4.3.0 <b@y.test>: Temporary lookup failure", .recipient, "deferred recipient"),
            Case("451 4.7.1 try again later", .recipient, "deferred recipient"),
            Case("450 4.2.1 The user you are trying to contact is receiving mail at a rate", .recipient, "deferred recipient"),
            Case("451 too many connections from your IP", .recipient, "deferred provider kept throttled"),
            Case("451 4.3.2 system not accepting network messages", .recipient, "deferred provider kept throttled"),
            Case("450 4.7.28 unusual rate", .recipient, "deferred provider kept throttled"),
            Case("421 too busy", .recipient, "deferred provider kept throttled"),
            Case("451 Greylisted", .content, "deferred provider"),
            Case("450 later", .mail, "deferred provider kept throttled"),
            Case("451 local error", .content, "deferred provider"),
            Case("451 4.3.0 local error", .content, "deferred provider kept throttled"),
            Case("451 4.6.0 conversion", .content, "deferred content"),
            Case("452 4.3.1 disk full", .mail, "deferred provider"),
            Case("452 4.5.3 too many recipients", .recipient, "deferred recipient"),
            Case("421 4.7.0 try later", .content, "deferred provider kept throttled"),
            Case("421 closing", .mail, "deferred provider kept throttled"),
            Case("454 4.7.0 Throttling failure: Maximum sending rate exceeded", .mail, "deferred provider kept throttled"),
            Case("454 4.7.0 Temporary", .mail, "deferred provider"),
            Case("550 5.7.1 rate limit exceeded", .content, "deferred provider kept throttled"),
            Case("454 Throttling failure: Daily message quota exceeded", .mail, "deferred provider kept throttled park"),
            Case("550 5.4.5 Daily user sending limit exceeded", .content, "deferred provider kept throttled park"),
        ])
    func table(row: Case) throws {
        var parser = SMTPReplyParser()
        parser.append((row.reply + "\r\n").utf8)
        let classification = SMTPClassification(try #require(try parser.next()), stage: row.stage)
        let failure = try #require(classification.outcome.failure)
        var words = [classification.outcome.name, failure.blame.rawValue]
        if failure.suppressesAddress { words.append("suppress") }
        if !failure.countsAttempt { words.append("kept") }
        if failure.throttled { words.append("throttled") }
        if classification.isConfiguration { words.append("configuration") }
        if failure.retryAfter == .seconds(3600) { words.append("park") }
        #expect(words.joined(separator: " ") == row.expected)
        #expect(failure.detail == row.reply)
    }

    @Test("5.7.x suppresses no address unless words say that the mailbox is not there", arguments: 0...40)
    func policy(detail: Int) {
        for stage in [SMTPClassification.Stage.mail, .recipient, .data, .content] {
            for words in ["not taken", "blocked: no such user", "user unknown or blocked", "your IP is listed, user unknown"] {
                let reply = SMTPReply(code: 550, lines: [words], enhanced: .init(status: 5, subject: 7, detail: detail))
                #expect(SMTPClassification(reply, stage: stage).outcome.failure?.suppressesAddress == false)
            }
        }
        let gone = SMTPReply(code: 550, lines: ["user unknown"], enhanced: .init(status: 5, subject: 7, detail: detail))
        #expect(SMTPClassification(gone, stage: .recipient).outcome.failure?.suppressesAddress == true)
        #expect(SMTPClassification(gone, stage: .mail).outcome.failure?.suppressesAddress == false)
    }

    @Test(
        "the reference is the server's queue id where one can be found",
        arguments: [
            ("250 2.0.0 Ok: queued as 4F1C2", "4F1C2"), ("250 OK id=1abc-0001-XY", "1abc-0001-XY"),
            ("250 2.0.0 Ok: queued as A; fine", "A"),
            ("250 OK", nil), ("250 queued as ", nil),
        ])
    func queueID(reply: String, expected: String?) throws {
        var parser = SMTPReplyParser()
        parser.append((reply + "\r\n").utf8)
        #expect(try parser.next()?.queueID == expected)
    }

    @Test("a failing provider is left alone for up to 1, 2, 4 … 60 s, a wrong password for minutes")
    func health() {
        var health = ProviderHealth(random: { 1 })
        let now = ContinuousClock.now
        let refused = SetupFailure("connect_refused", "x")
        var pauses: [Duration] = []
        for _ in 0..<9 {
            _ = health.failed(refused, now: now)
            pauses.append(health.downUntil.map { $0 - now } ?? .zero)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { Duration.seconds($0) })
        #expect(health.refusal(now: now)?.retryAfter == .seconds(60))
        #expect(health.refusal(now: now)?.countsAttempt == false)
        #expect(health.refusal(now: now + .seconds(60)) == nil)
        #expect(health.connected() && !health.connected())
        health.answered()
        _ = health.failed(SetupFailure("authentication_failed", "x", isConfiguration: true), now: now)
        #expect(health.refusal(now: now)?.retryAfter == .seconds(60))
        var lucky = ProviderHealth(random: { 0 })
        #expect(lucky.failed(refused, now: now) && !lucky.failed(refused, now: now))
        #expect(lucky.refusal(now: now)?.retryAfter == .milliseconds(50), "never at once")
    }
}

import Domain
import Foundation
import Settings
import Testing
import Text

@testable import Campaigns

private let config = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Config").path(percentEncoded: false)

/// The shipped journeys, from their files, on a virtual clock: what one person gets when.
@Suite("The journeys in Config/journeys")
struct JourneyExampleTests {
    static func journeys() throws -> [String: Journey] {
        let known = JourneyFiles.Known(
            policy: try PolicyFiles.parse(PolicyFiles.read(directory: config + "/policy")),
            templates: try TemplateFiles.read(directory: config + "/templates"))
        return Dictionary(
            uniqueKeysWithValues: try JourneyFiles.read(directory: config + "/journeys", known: known).map {
                ($0.journey.name, $0.journey)
            })
    }

    /// One person on the way, who hears of events at hours after the beginning.
    struct Walk {
        let journey: Journey
        var now: Timestamp
        var place: JourneyPlace
        var due: Timestamp?
        var awaits: String?
        /// `hour template channel`
        var sent: [String] = []
        var end: String?
        let began: Timestamp

        init(_ journey: Journey, at began: Timestamp = JourneyTurnTests.noon, data: String = "{}") throws {
            self.journey = journey
            self.began = began
            now = began
            place = JourneyPlace(step: journey.steps[0].name, data: try JourneyTurnTests.data(data))
            take()
        }

        private mutating func take() {
            let turn = journey.turn(place, now: now, clock: .utc)
            let hour = Int((now - began).inSeconds / 3600)
            sent += turn.sends.map { "\(hour) \($0.send.template) \($0.send.channel)" }
            end = turn.ends
            (due, awaits) = (turn.dueAt, turn.awaits)
            place = JourneyPlace(step: turn.step, isWaiting: true, until: turn.until, data: turn.data ?? place.data)
            if turn.looksAt != nil { (place.seen, place.acceptedAt) = (.delivered, now) }
        }

        /// Time passes until that hour, and the steps that become due are taken.
        mutating func pass(to hour: Int) {
            let until = began + .seconds(hour * 3600)
            while end == nil, let due, due <= until {
                now = max(now, due)
                take()
            }
            now = until
        }

        mutating func hear(_ event: String, _ data: String = "{}", at hour: Int) throws {
            pass(to: hour)
            if end == nil, journey.goals.contains(event) || journey.exits.contains(event) { end = event }
            guard end == nil, awaits == event else { return }
            place.arrived = [try JourneyTurnTests.data(data)]
            take()
        }
    }

    @Test("are six, and each is valid beside the shipped policy and templates")
    func valid() throws {
        #expect(
            try Self.journeys().keys.sorted() == [
                "cart-left", "delay-notice", "new-customer-activation", "onboarding-seven-days", "order-to-survey",
                "payment-failed-mail-then-text",
            ])
    }

    private func walk(_ name: String, at began: Timestamp = JourneyTurnTests.noon, data: String = "{}") throws -> Walk {
        try Walk(try #require(Self.journeys()[name]), at: began, data: data)
    }

    @Test("a cart that was left: after an hour a reminder, after a day a code, nothing once the order is paid")
    func cart() throws {
        var left = try walk("cart-left")
        left.pass(to: 100)
        #expect(left.sent == ["1 cart-reminder sms", "24 cart-coupon sms"] && left.end == "end")
        var paid = try walk("cart-left")
        try paid.hear("order.paid", at: 5)
        paid.pass(to: 100)
        #expect(paid.sent == ["1 cart-reminder sms"] && paid.end == "order.paid")
    }

    @Test(
        "order, parcel, delivery, survey: three days later in the daytime; who is unhappy gets an apology, who is not nothing more"
    )
    func survey() throws {
        for (score, last) in [(2, ["150 service-apology sms"]), (3, [])] {
            var order = try walk("order-to-survey")
            try order.hear("parcel.shipped", at: 10)
            try order.hear("parcel.delivered", at: 30)
            // Three days after 18:00 is inside the hours.
            try order.hear("survey.answered", #"{"score": \#(score)}"#, at: 150)
            #expect(
                order.sent
                    == ["0 order-confirmed sms", "10 parcel-shipped sms", "30 parcel-delivered sms", "102 survey-request sms"]
                    + last)
            #expect(order.end == (score == 2 ? "apologised" : "end"))
        }
        var cancelled = try walk("order-to-survey")
        try cancelled.hear("order.cancelled", at: 2)
        try cancelled.hear("parcel.shipped", at: 10)
        #expect(cancelled.sent == ["0 order-confirmed sms"])
    }

    @Test("seven days: four letters, three of them in the morning")
    func onboarding() throws {
        var opened = try walk("onboarding-seven-days")
        opened.pass(to: 24 * 14)
        // From noon: the next morning is 45 hours later, because a day later at noon the hours are over.
        #expect(
            opened.sent == [
                "0 welcome email", "45 getting-started email", "93 getting-started email", "189 getting-started email",
            ])
    }

    @Test("an e-mail that is not opened within the hour is followed by a text message")
    func mailThenText() throws {
        var unread = try walk("payment-failed-mail-then-text")
        unread.pass(to: 3)
        #expect(unread.sent == ["0 payment-failed email", "1 payment-failed sms"])
        var read = try walk("payment-failed-mail-then-text")
        read.place.seen = .opened
        read.pass(to: 3)
        #expect(read.sent == ["0 payment-failed email"] && read.end == "end")
    }

    @Test("a new customer who has not used the account for 72 hours is reminded in the daytime")
    func activation() throws {
        let evening = JourneyTurnTests.noon + .seconds(11 * 3600)
        var unused = try walk("new-customer-activation", at: evening)
        unused.pass(to: 200)
        #expect(unused.sent == ["83 first-use sms"])
        var used = try walk("new-customer-activation", at: evening)
        try used.hear("app.used", at: 71)
        used.pass(to: 200)
        #expect(used.sent == [] && used.end == "end")
    }

    @Test("a late parcel is told at once; three days or more bring a code, unless the parcel arrives first")
    func delay() throws {
        var short = try walk("delay-notice", data: #"{"days": 2}"#)
        short.pass(to: 100)
        #expect(short.sent == ["0 parcel-delayed sms"] && short.end == "end")
        var long = try walk("delay-notice", data: #"{"days": 3}"#)
        long.pass(to: 100)
        #expect(long.sent == ["0 parcel-delayed sms", "24 service-apology sms"] && long.end == "compensated")
        var arrived = try walk("delay-notice", data: #"{"days": 3}"#)
        try arrived.hear("parcel.delivered", at: 20)
        arrived.pass(to: 100)
        #expect(arrived.sent == ["0 parcel-delayed sms"])
    }
}

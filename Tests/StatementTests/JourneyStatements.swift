import Domain
import Store

extension Statements {
    /// Orders and reports.
    static var journeys: [any Statement] {
        var journey = Journey(
            name: "cart-left",
            entry: .event("cart.left", conditions: [.init(field: ["total"], test: .atLeast(50))], data: ["name"]),
            reEntry: .never,
            timeZone: "Etc/UTC", steps: [.init(name: "end-it", action: .end("done"), next: nil)])
        journey.goals = ["order.paid"]
        return [
            ApplyJourney(journey, definition: "x", moves: nil, changed: []), LoadJourneys(), JourneySteps(journey: "cart-left"),
            ListJourneys(), ListJourneyPeople(journey: "cart-left", state: nil, step: nil, person: nil, limit: 10),
            JourneyReport(journey: "cart-left"), PauseJourney(journey: "cart-left", why: "x"),
            ResumeJourney(journey: "cart-left", why: "x"), EnterJourney(journey: "cart-left", person: "c-1", data: "{}"),
            ExitJourney(journey: "cart-left", person: "c-1", why: "x"), EnterAudience(journey: "cart-left", after: 0),
        ]
    }
    /// What workers do.
    static var journeySteps: [any Statement] {
        [
            TakeJourneyPeople(limit: 10), ApplyJourneyTurns(journey: 1, turns: []), LoadJourneyVersion(journey: 1, version: 1),
            KnownZones(zones: ["Europe/London"]),
        ]
    }
}

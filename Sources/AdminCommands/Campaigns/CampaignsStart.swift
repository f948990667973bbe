import ArgumentParser
import Campaigns
import Domain
import Operations
import Store
import Text

struct CampaignsPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Say what a start would do, by doing it and taking it back.",
        discussion: """
            The audience is frozen, the chunks are planned and what stands against the members is counted, all in one transaction that is rolled back.
            Caps, consents and budgets are not foretold: Admit decides on them.

            EXAMPLES
              martlet campaigns preview spring-sale
            """)
    @Argument(help: "The campaign.") var campaign: String
    @Flag(name: .long, help: "At once, whatever the file says.") var now = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(StartCampaign(campaign: campaign, now: now, isPreview: true))
        if shared.json { return Terminal.out.json(output.json) }
        for line in output.lines { Terminal.out.line(line) }
        Terminal.out.line("preview: nothing was started")
    }
}

struct CampaignsStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a run: show the figures, ask, freeze the audience, plan the chunks.",
        discussion: """
            Over four_eyes members the run waits until another admin approves it.

            EXAMPLES
              martlet campaigns start spring-sale
              martlet campaigns start spring-sale --now --yes
            """)
    @Argument(help: "The campaign.") var campaign: String
    @Flag(name: .long, help: "At once, whatever the file says.") var now = false
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        if !yes {
            let preview = try await shared.run(StartCampaign(campaign: campaign, now: now, isPreview: true))
            if !shared.json { for line in preview.lines { Terminal.error.line(line) } }
            try Confirmation.ask("Start this run?", yes: yes)
        }
        let output = try await shared.run(StartCampaign(campaign: campaign, now: now, isPreview: false))
        if shared.json { return Terminal.out.json(output.json) }
        if yes { for line in output.lines { Terminal.out.line(line) } }
        Terminal.out.line(
            output.needsApproval
                ? "run \(output.run) waits for another admin: martlet campaigns approve \(output.run)"
                : "run \(output.run) is started; workers release its members when they are due",
            output.needsApproval ? .yellow : .green)
    }
}

extension StartRun.Output {
    fileprivate var lines: [String] {
        var lines = [
            "\(campaign.name) version \(version): \(members) members of \(campaign.audience), class \(campaign.messageClass), \(campaign.channel)",
            "  to be sent \(forecast.addressed), no address \(forecast.withoutAddress), opted out \(forecast.suppressed), held out \(forecast.heldOut)",
            "  begins \(startsAt.shown)" + (endsAt.map { ", last release planned \($0.shown)" } ?? ""),
        ]
        for zone in zones.sorted(by: { ($1.members, $0.timeZone) < ($0.members, $1.timeZone) }).prefix(10) {
            lines.append("  \(zone.members) in \(zone.timeZone)")
        }
        if zones.count > 10 { lines.append("  and \(zones.count - 10) more zones") }
        if forecast.withoutZone > 0 {
            lines.append("  \(forecast.withoutZone) have no zone and are taken for \(campaign.timeZone)")
        }
        if missed > 0 { lines.append("  \(missed) miss today's window and are skipped") }
        if held > 0 { lines.append("  \(held) are released a day or more after the start: the window is too small for the pace") }
        if let codes = forecast.codes {
            lines.append(
                "  \(codes) free codes" + (codes < forecast.addressed ? ": the run will pause when they are used up" : ""))
        }
        if needsApproval { lines.append("  needs the approval of another admin") }
        return lines
    }
}

struct CampaignsTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send each variant of a campaign to yourself, as an ordinary message.",
        discussion: """
            The message has the campaign's class, template and sender, and the variables that are given beside the campaign's own; in place of a code it
            has TEST. Caps, consent and quiet hours apply. No run is made.

            EXAMPLES
              martlet campaigns test spring-sale --to +8613800138000 --variables '{"name": "Ann"}'
            """)
    @Argument(help: "The campaign.") var campaign: String
    @Option(name: .long, help: "The address.") var to: String
    @Option(name: .long, help: "A JSON object, @file, or - for standard input.") var variables: VariablesArgument?
    @Option(name: .long, help: "Of the template.") var locale: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let given = try variables?.load() ?? "{}"
        let sent = try await shared.run(SendCampaignTest(campaign: campaign, to: to, locale: locale, variables: given))
        if shared.json { return Terminal.out.json(sent.json) }
        for one in sent { Terminal.out.line("\(one.variant): message \(one.message)") }
    }
}

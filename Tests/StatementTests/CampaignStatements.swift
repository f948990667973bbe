import Domain
import Store

extension Statements {
    /// Audiences, runs, codes.
    static var campaigns: [any Statement] {
        var campaign = Campaign(
            name: "spring", audience: "everybody", messageClass: "marketing", channel: .sms,
            variants: [
                .init(name: "all", template: "new", share: 9000), .init(name: Campaign.holdout, template: nil, share: 1000),
            ],
            seed: "spring", timeZone: "Etc/UTC")
        campaign.window = Campaign.Window(from: 600, until: 1200)
        campaign.variables = ["discount": "10"]
        return [
            ApplyCampaign(name: "spring", definition: "x"), LoadCampaigns(),
            FreezeRun(campaign, version: 1, definition: "x", needsApproval: false),
            PlanRun(run: 1, chunks: [.init(zone: 1, firstPlace: 1, lastPlace: 2, dueAt: then, isSkipped: false)]),
            WaitingChunks(run: 1),
            RunZones(run: 1), RunRules(run: 1), ZoneOffsets(zones: ["Europe/London"], from: then, length: .seconds(86_400)),
            StartTime(local: "2027-03-01 09:00", zone: "Asia/Shanghai"), RunForecast(run: 1), PauseRun(run: 1, why: "x"),
            ResumeRun(run: 1, why: "x"), StopRun(run: 1, why: "x"), ApproveRun(run: 1, why: nil), ListRuns(), RunReport(run: 1),
            WhyRecipient(person: "+8613800138000"),
            CreateAudience(name: "everybody", query: "select '+8613800138000' as sms"),
            ImportAudience(name: "people.csv", beginning: [1], arguments: ["audience": "everybody"], audience: "everybody"),
            AddAudienceRows(list: 1, lines: [], rows: []), RejectAudienceLines(list: 1, lines: [], fields: [], problems: []),
            ListRejects(list: 1), FinishAudience(audience: 1), ListAudiences(),
            AudienceRejects(name: "everybody", limit: 10),
            RemoveAudience(name: "everybody", why: "x"),
            TestCampaign(campaign, template: "new", to: "+8613800138000", locale: nil, variables: "{}"),
            LoadCodes(pool: "spring", codes: ["A1"]), ListCodePools(),
        ]
    }
}

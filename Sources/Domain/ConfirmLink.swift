/// Where the links of double opt-in lead: `confirm.yaml`.
public struct ConfirmLink: Sendable, Equatable {
    /// Variable of templates that confirm.
    public static let variable = "confirm_url"
    static let place = "{token}"

    /// With `{token}` once: the gateway's `/y/{token}`.
    public var url: String
    /// Its first line signs, all verify.
    public var secretFile: String

    /// nil: no https or http address with `{token}` once.
    public init?(url: String, secretFile: String) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.ranges(of: Self.place).count == 1,
            !url.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "<" })
        else { return nil }
        self.url = url
        self.secretFile = secretFile
    }

    public func url(token: String) -> String { url.replacing(Self.place, with: token) }
}

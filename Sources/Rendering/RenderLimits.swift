/// What one message or template may cost.
public struct RenderLimits: Sendable, Equatable {
    /// Bytes of one rendered text (subject, text or html).
    public var output: Int
    /// Tags executed plus members compared, for one text: bounds nested loops that write nothing.
    public var steps: Int

    public init(output: Int = 256 * 1024, steps: Int = 4 * 1024 * 1024) {
        self.output = output
        self.steps = steps
    }
    /// Bytes of one Mustache text of a template.
    public static let template = 256 * 1024
    /// Sections open at once.
    public static let nesting = 32
    /// Bytes of the variables of a message.
    public static let variables = 64 * 1024
    /// Objects and lists open at once in the variables.
    public static let depth = 32
    /// Parts of one SMS: the concatenation header counts them in one octet (3GPP TS 23.040, 9.2.3.24.1).
    public static let segments = 255
}

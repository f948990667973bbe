import Domain

/// A template that asks something. By reference: messages carry it along, and nearly all have none.
public final class AskedTemplate: Sendable {
    public let template: Template
    public let survey: Survey

    public init(_ template: Template, _ survey: Survey) {
        self.template = template
        self.survey = survey
    }
}

/// A stored template, parsed. Parse once per version and keep it; it is a value, free to share between threads.
public struct ParsedTemplate: Sendable {
    public let template: Template
    /// Names that the texts read, sorted; interpolated or asked for by a section.
    public let variableNames: [String]
    /// nil: it asks nothing.
    public let asked: AskedTemplate?
    /// It asks for consent by a link: `{{confirm_url}}` is ours to give.
    public let confirmsByLink: Bool
    let subject: Program?
    let body: Program
    let html: Program?
    let required: [VariablePath]

    /// - Throws: `template_syntax` with part, line and column.
    public init(_ template: Template) throws(RenderError) {
        self.template = template
        self.asked = template.survey.map { AskedTemplate(template, $0) }
        let isEmail = template.channel == .email
        if isEmail, template.subject == nil {
            throw .templateSyntax(
                at: TemplatePlace(template, part: .subject, line: 1), problem: "an e-mail template has no subject",
                remedy: "add a subject")
        }
        self.body = try Self.compile(template.body, template, .body)
        self.subject = try isEmail ? Self.compileIfAny(template.subject, template, .subject) : nil
        self.html = try isEmail ? Self.compileIfAny(template.html, template, .html) : nil
        self.required = template.required.map(VariablePath.init)
        let paths = body.paths + (subject?.paths ?? []) + (html?.paths ?? [])
        self.variableNames = Set(paths.map(\.text)).subtracting(["."]).sorted()
        self.confirmsByLink = template.survey?.confirms != nil && variableNames.contains(ConfirmLink.variable)
    }

    private static func compileIfAny(
        _ text: String?, _ template: Template, _ part: TemplatePlace.Part
    ) throws(RenderError) -> Program? {
        guard let text else { return nil }
        return try compile(text, template, part)
    }

    private static func compile(
        _ text: String, _ template: Template, _ part: TemplatePlace.Part
    ) throws(RenderError) -> Program {
        do {
            var program = try TemplateParser.compile(text)
            // Only html is HTML: an SMS with `&amp;` in it would be a bug in every other text.
            if part != .html {
                for index in program.ops.indices where program.ops[index].kind == .escaped { program.ops[index].kind = .variable }
            }
            return program
        } catch {
            throw .templateSyntax(
                at: TemplatePlace(template, part: part, line: error.line, column: error.column), problem: error.problem,
                remedy: error.remedy)
        }
    }

    /// Renders one text of this template to the end of `output`.
    func run(
        _ program: Program, _ part: TemplatePlace.Part, _ variables: Variables, _ limits: RenderLimits, into output: inout [UInt8]
    ) throws(RenderError) {
        do {
            var interpreter = Interpreter(program, variables, limits)
            try interpreter.run(into: &output)
        } catch {
            throw renderError(error, part, limits)
        }
    }

    private func renderError(_ fault: ProgramFault, _ part: TemplatePlace.Part, _ limits: RenderLimits) -> RenderError {
        switch fault {
        case .missing(let name, let line): .missingVariable(name: name, at: TemplatePlace(template, part: part, line: line))
        case .notText(let name, let kind, let line):
            .variableNotText(name: name, kind: kind, at: TemplatePlace(template, part: part, line: line))
        case .outputTooLarge: .tooLarge(what: "the rendered \(part.rawValue)", limit: "\(limits.output) bytes")
        case .tooManySteps: .tooLarge(what: "the work to render the \(part.rawValue)", limit: "\(limits.steps) steps")
        }
    }
}

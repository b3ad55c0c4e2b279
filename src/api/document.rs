//! The OpenAPI document: what the routes say of themselves, and what holds for all of them.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, KnownFormat, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, SchemaFormat,
};
use utoipa::{PartialSchema, ToSchema};

use crate::api::problem;

/// A body that is a file of another format, as CSV or XML: generated clients pass it on as it is.
pub(super) enum Octets {}

impl PartialSchema for Octets {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.format(Some(format)).build().into()
    }
}

impl ToSchema for Octets {}

/// The document without routes.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Narrowcast")
        .version("v1")
        .description(Some(
            "Alerts to radios over narrowband channels, and every answer on record. \
             Errors are RFC 9457 problem documents that name the field and the remedy. \
             A token's role says what it may do, its node of the organisation tree where: what \
             hangs elsewhere is not found, and what was sent from elsewhere is seen in part.",
        ));
    let mut document = OpenApiBuilder::new().info(info.build()).build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(
            "token",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
    document
}

/// Adds to every operation the answers that reading a request and asking the engine bring
/// with them, and makes its id unique.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(complete_operation);
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get, post, delete, ..
    } = item;
    [get, post, delete].into_iter().flatten()
}

fn complete_operation(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first());
    if let (Some(tag), Some(id)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{id}"));
    }
    let guarded = operation.security.is_some();
    let asks = operation.parameters.as_ref().is_some_and(|p| !p.is_empty());
    let brings = operation.request_body.is_some();
    let answers = [
        (guarded, "401", "No token, or one that is not valid"),
        (guarded, "503", "The engine is away or too busy: try again"),
        (
            guarded,
            "500",
            "The ledger is damaged, or a defect of the server",
        ),
        (brings, "400", "The body broke off"),
        (brings, "408", "The body did not come in time"),
        (brings, "413", "The body is too long"),
        (brings, "415", "The body is of another media type"),
        (asks || brings, "422", "A field is wrong"),
    ];
    let listed = &mut operation.responses.responses;
    for (_, status, says) in answers.into_iter().filter(|(holds, ..)| *holds) {
        listed
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(refusal(says)));
    }
    for (status, response) in listed {
        let RefOr::T(response) = response else {
            continue;
        };
        if response.description.is_empty() {
            response.description = words(status).to_owned();
        }
        // A refusal is a problem document, and says so.
        if problem_of(response) {
            *response = refusal(&response.description);
        }
    }
}

fn problem_of(response: &Response) -> bool {
    response.content.values().any(|content| match content {
        RefOr::T(content) => matches!(
            &content.schema,
            Some(RefOr::Ref(named)) if named.ref_location.ends_with("/Problem")
        ),
        RefOr::Ref(_) => false,
    })
}

fn refusal(says: &str) -> Response {
    let problem = RefOr::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description(says)
        .content(
            problem::MEDIA_TYPE,
            ContentBuilder::new().schema(Some(problem)).build(),
        )
        .build()
}

fn words(status: &str) -> &'static str {
    match status {
        "200" => "Done",
        "201" => "On record",
        "401" => "No token, or one that is not valid",
        "403" => "The token's role or node does not permit this",
        "404" => "There is no such thing, or it is not the token's to see",
        "409" => "Not in a state that allows this",
        "422" => "A field is wrong",
        "429" => "Too many at once: try again later",
        "503" => "The server cannot answer now: try again",
        "507" => "The disk is almost full",
        _ => "",
    }
}

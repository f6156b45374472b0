"""What went wrong with S3, in one line; never what was sent, which a secret could be part of."""

from dataclasses import dataclass

from botocore.exceptions import (  # type: ignore[import-untyped]  # boto3 brings no types
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from ci_steps.adapters.s3_blobs import conditions
from ci_steps.adapters.s3_place import S3Place
from ci_steps.errors import InputError, OutsideError, StepError

_SET_THEM = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_LOOK_AT_ENDPOINT = "see that it runs; AWS_ENDPOINT_URL_S3 says where it is, if not at Amazon"
_REGION = "set AWS_REGION to that of the bucket"

_KINDS = {
    ConnectTimeoutError: "does not answer in time",
    ReadTimeoutError: "does not answer in time",
    ProxyConnectionError: "cannot be reached through the proxy",
    SSLError: "has no certificate that this machine trusts",
    EndpointConnectionError: "does not answer",
}
UNANSWERED = (BotoCoreError, ResponseParserError, OSError, RecursionError, ValueError)
"""What boto3 raises where it got no answer, or none that it can read, as a length that is no number. A server
that redirects even the question where the bucket is, as one that wants https, it asks until Python stops."""

_LOOK_AT_KEYS = "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the codes of an answer mean here."""

    kind: type[StepError]
    codes: frozenset[str]
    says: str
    hint: str


_ANSWERS = (
    _Answer(
        InputError,
        frozenset({"NoSuchBucket"}),
        "{endpoint} has no bucket {place.bucket!r}",
        "make it, or correct its name or AWS_ENDPOINT_URL_S3",
    ),
    _Answer(
        InputError,
        frozenset(
            {
                "ExpiredToken",
                "InvalidAccessKeyId",
                "InvalidClientTokenId",
                "InvalidToken",
                "SignatureDoesNotMatch",
                "TokenRefreshRequired",
            }
        ),
        "{endpoint} does not take the AWS credentials: {code} ({place})",
        _LOOK_AT_KEYS,
    ),
    _Answer(
        InputError,
        frozenset({"403", "AccessDenied", "AllAccessDisabled", "AccountProblem"}),
        "{endpoint} does not allow {operation} ({place}): {code}",
        "allow s3:GetObject, s3:PutObject and s3:AbortMultipartUpload there, and s3:ListBucket on the bucket",
    ),
    _Answer(
        InputError,
        frozenset({"301", "307", "PermanentRedirect", "AuthorizationHeaderMalformed"}),
        "bucket {place.bucket!r} is in another region: {code}",
        _REGION,
    ),
    _Answer(
        OutsideError,
        frozenset({"RequestTimeTooSkewed"}),
        "the clock of this machine differs too much from that of {endpoint} ({place})",
        "set the clock, best by NTP",
    ),
    _Answer(
        OutsideError,
        frozenset({"404"}),
        "{endpoint} does not answer as S3 does ({place})",
        _LOOK_AT_ENDPOINT,
    ),
)
_UNKNOWN_CONDITION = frozenset({"501", "NotImplemented"})


def unset_up(error: Exception, place: S3Place) -> StepError:
    """Say why no client could be made from the variables and files of this machine."""
    if isinstance(error, ProfileNotFound):
        return InputError(f"{place}: AWS_PROFILE names a profile that is not there", hint=_SET_THEM)
    if isinstance(error, InvalidRegionError):
        return InputError(f"{place}: the region is not one", hint=_REGION)
    if isinstance(error, PartialCredentialsError):
        return InputError(f"{place}: the AWS credentials are not whole", hint=_SET_THEM)
    return InputError(
        f"{place}: the AWS settings of this machine do not make a client ({type(error).__name__})",
        hint="look at the variables AWS_*, as AWS_ENDPOINT_URL_S3, and at ~/.aws/config",
    )


def unsignable(variable: str, place: S3Place) -> StepError:
    return InputError(
        f"{place}: {variable} has characters in it that no AWS key has, as the end of a line",
        hint=f"set {variable} again, to one line of plain ASCII",
    )


def unanswered(error: Exception, place: S3Place, endpoint: str) -> StepError:
    """Say why there was no answer, or none that S3 gives."""
    if isinstance(error, NoCredentialsError | CredentialRetrievalError):
        return InputError(f"{place}: no AWS credentials were found", hint=_SET_THEM)
    if isinstance(error, RecursionError):
        return InputError(
            f"{endpoint} redirects every request ({place})",
            hint="give the address it redirects to, as https://…, in AWS_ENDPOINT_URL_S3",
        )
    if isinstance(error, ResponseParserError | ValueError):
        return OutsideError(f"{endpoint} does not answer as S3 does ({place})", hint=_LOOK_AT_ENDPOINT)
    what = next((words for kind, words in _KINDS.items() if isinstance(error, kind)), "")
    what = what or f"broke off ({type(error).__name__})"
    return OutsideError(f"{endpoint} {what} ({place})", hint=_LOOK_AT_ENDPOINT)


def refused(error: ClientError, place: S3Place, endpoint: str, key: str) -> StepError:
    """Say what S3 answered."""
    code, status = code_of(error), status_of(error)
    if code in _UNKNOWN_CONDITION:
        return conditions.unknown(place, endpoint)
    for answer in _ANSWERS:
        if code in answer.codes:
            operation = error.operation_name
            says = answer.says.format(endpoint=endpoint, place=place, code=code, operation=operation)
            return answer.kind(says, hint=answer.hint)
    return OutsideError(
        f"{endpoint} failed on {repr(key) if key else 'a listing'} ({place}): {code}, HTTP {status}"
    )


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))[:80].replace("\n", " ")


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

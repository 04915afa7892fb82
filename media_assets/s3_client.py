"""Talking to an S3-compatible store: one client per process and set of credentials, and every error as one of ours.

boto3 costs each process 38 MB, so it is imported when the first bucket of this kind is used. Nothing here ever writes a secret anywhere.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jobs.engine.errors import JobError, Refused

CONNECT_SECONDS = 5
READ_SECONDS = 60
TRIES = 4  # of one request, with botocore's back-off
CONNECTIONS = 16

DENIED = frozenset(
    [
        "401",
        "403",
        "AccessDenied",
        "AllAccessDisabled",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "ExpiredTokenException",
        "Forbidden",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    ]
)
DOWN = frozenset(
    [
        "429",
        "500",
        "502",
        "503",
        "504",
        "BadGateway",
        "GatewayTimeout",
        "InternalError",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
    ]
)
FULL = frozenset(["507", "QuotaExceeded", "XMinioStorageFull", "EntityTooLarge"])
ABSENT = frozenset(["404", "NoSuchKey", "NotFound"])
TAKEN = frozenset(["409", "412", "416", "InvalidRange", "ConditionalRequestConflict", "PreconditionFailed"])


@dataclass(frozen=True)
class Access:
    """Where a store is and who asks. ``endpoint`` empty: AWS in that region."""

    endpoint: str
    region: str
    key_id: str
    secret: str = field(repr=False)
    path_style: bool = True


class Absent(Exception):
    """There is no such object."""


class Taken(Exception):
    """A condition was not met: somebody else has written there, or there is no such range."""


_clients: dict[tuple[int, Access], Any] = {}
_making = threading.Lock()


def client(access: Access) -> Any:
    """The S3 client of this process for that access; may be used by threads."""
    place = (os.getpid(), access)
    with _making:
        if place not in _clients:
            import boto3

            for chatty in ("boto3", "botocore", "urllib3"):
                logging.getLogger(chatty).setLevel(logging.INFO)  # below that they write signed requests
            from botocore.config import Config

            config = Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if access.path_style else "virtual"},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": TRIES},
                max_pool_connections=CONNECTIONS,
                request_checksum_calculation="when_required",  # stores other than AWS refuse the newer checksums; Content-MD5 is understood everywhere
                response_checksum_validation="when_required",
            )
            session = boto3.session.Session(aws_access_key_id=access.key_id, aws_secret_access_key=access.secret, region_name=access.region or "us-east-1")
            _clients[place] = session.client("s3", endpoint_url=access.endpoint or None, config=config)
        return _clients[place]


@contextmanager
def talking(bucket: str) -> Iterator[None]:
    """Errors of a request as Absent, Taken or Refused: BucketUnreachable, BucketAccessDenied, BucketNotFound, StorageFull, InvalidAddress."""
    from botocore import exceptions as boto
    from urllib3.exceptions import HTTPError

    try:
        yield
    except boto.ClientError as error:
        raise _told(bucket, error.response) from None
    except boto.ParamValidationError:
        raise Refused("InvalidAddress", "The store cannot take this name.") from None
    except boto.NoCredentialsError:
        raise Refused("BucketAccessDenied", f"The bucket {bucket} has no credentials.") from None
    except (boto.BotoCoreError, HTTPError) as error:
        raise Refused("BucketUnreachable", f"The store of bucket {bucket} does not answer ({type(error).__name__}).") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Refused("BucketUnreachable", f"The store of bucket {bucket} does not answer ({type(error).__name__}).") from None


def _told(bucket: str, response: Any) -> Exception:
    """What an error answer means. Only the code is repeated: the text may carry a key id or a signature."""
    code = str(response.get("Error", {}).get("Code", ""))
    code = code if code.isalnum() and len(code) < 60 else ""
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    names = {code, str(status)}
    if code == "NoSuchBucket":
        return Refused("BucketNotFound", f"The store has no such bucket any more; it was bound as {bucket}.")
    if names & DENIED:
        return Refused("BucketAccessDenied", f"The store of bucket {bucket} refused the credentials ({code or status}).")
    if names & FULL:
        return Refused("StorageFull")
    if names & ABSENT:
        return Absent()
    if names & TAKEN:
        return Taken()
    if names & DOWN or status >= 500:
        return Refused("BucketUnreachable", f"The store of bucket {bucket} does not answer ({code or status}).")
    return Refused("BucketAccessDenied", f"The store of bucket {bucket} refused the request ({code or status}).")


def job_error(error: Refused) -> JobError:
    """The same error of an accepted job."""
    return JobError(error.code, error.message)

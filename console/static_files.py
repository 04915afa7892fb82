"""WhiteNoise for ASGI: its answers are files that are read as they are sent, and not first in full with a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from console.lib.file_body import file_body

if TYPE_CHECKING:
    from django.http import HttpRequest


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise has no types
    """Serves what was collected; everything else goes on."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        """One static file, or what WhiteNoise says of it (not modified, a range, a wrong method)."""
        found = static_file.get_response(request.method, request.META)
        status = int(found.status)
        response: HttpResponseBase
        if found.file is None:
            response = HttpResponse(status=status)
        else:
            response = StreamingHttpResponse(file_body(request, found.file, None, int(dict(found.headers)["Content-Length"])), status=status)
        del response.headers["Content-Type"]
        for name, value in found.headers:
            response.headers[name] = value
        return response

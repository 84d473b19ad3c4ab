"""Errors as answers: JSON for the API, one calm page for people, and never a detail that wasn't meant for them."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from earmark.errors import BadRequest, EarmarkError, NotFound, SignInNeeded
from earmark.web.render import fragment

_TITLES = {
    400: "That did not work",
    401: "Please sign in",
    403: "Not for this role",
    404: "Nothing here",
    405: "Not like this",
    409: "It changed meanwhile",
    410: "Deleted",
    413: "Too much at once",
    422: "That did not work",
    429: "A moment, please",
    503: "Not ready yet",
    507: "The disk is full",
}


def answer(request: Request, status: int, code: str, message: str) -> Response:
    """Say what went wrong in the form the asker reads."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(fragment(request, "_problem.html", {"message": message}), status_code=status)
    context = {"status": status, "code": code, "title": _TITLES.get(status, "Something went wrong"), "message": message}
    return HTMLResponse(fragment(request, "error.html", context), status_code=status)


async def on_earmark_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EarmarkError)
    if isinstance(error, SignInNeeded) and not request.url.path.startswith(("/api/", "/sign-in")):
        where = f"/sign-in?next={quote(request.url.path)}" if request.method == "GET" else "/sign-in"
        if request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"HX-Redirect": where})
        return RedirectResponse(where, status_code=303)
    return answer(request, error.status, error.code, error.message)


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(request, 404, NotFound.code, NotFound().message)
    said = "This page takes no such request." if error.status_code == 405 else "This request can't be used."
    return answer(request, error.status_code, "request.invalid", said)


async def on_bad_request(request: Request, error: Exception) -> Response:
    """Name the fields that are wrong, never their content."""
    assert isinstance(error, RequestValidationError)
    fields = sorted({str(each["loc"][-1]) for each in error.errors() if each.get("loc")})
    if fields and all(each["loc"][0] == "path" for each in error.errors()):
        return answer(request, 404, NotFound.code, NotFound().message)
    return answer(request, 422, BadRequest.code, f"Something is missing or not understood: {', '.join(fields)}.")


def register(app: FastAPI) -> None:
    app.add_exception_handler(EarmarkError, on_earmark_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_bad_request)

"""Errors as answers: JSON for the API, one calm page for people, and never a detail that wasn't meant for them."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from earmark.errors import BadRequest, EarmarkError, NotFound, SignInNeeded
from earmark.web.language import gettext
from earmark.web.render import fragment
from earmark.web.wording import TITLES


def sentence(error: EarmarkError) -> str:
    """Return an error's sentence in the reader's language: its English template is what the catalog knows."""
    return gettext(error.template).format(**error.details)


def answer(request: Request, status: int, code: str, message: str) -> Response:
    """Say what went wrong in the form the asker reads."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(fragment(request, "_problem.html", {"message": message}), status_code=status)
    context = {"status": status, "code": code, "title": gettext(TITLES.get(status, TITLES[500])), "message": message}
    return HTMLResponse(fragment(request, "error.html", context), status_code=status)


async def on_earmark_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EarmarkError)
    if isinstance(error, SignInNeeded) and not request.url.path.startswith(("/api/", "/sign-in")):
        where = f"/sign-in?next={quote(request.url.path)}" if request.method == "GET" else "/sign-in"
        if request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"HX-Redirect": where})
        return RedirectResponse(where, status_code=303)
    return answer(request, error.status, error.code, sentence(error))


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(request, 404, NotFound.code, sentence(NotFound()))
    if error.status_code == 405:
        said = gettext("This page takes no such request.")
    else:
        said = gettext("This request can't be used.")
    return answer(request, error.status_code, "request.invalid", said)


async def on_bad_request(request: Request, error: Exception) -> Response:
    """Name the fields that are wrong, never their content."""
    assert isinstance(error, RequestValidationError)
    fields = sorted({str(each["loc"][-1]) for each in error.errors() if each.get("loc")})
    if fields and all(each["loc"][0] == "path" for each in error.errors()):
        return answer(request, 404, NotFound.code, sentence(NotFound()))
    said = gettext("Something is missing or not understood: {fields}.").format(fields=", ".join(fields))
    return answer(request, 422, BadRequest.code, said)


def register(app: FastAPI) -> None:
    app.add_exception_handler(EarmarkError, on_earmark_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_bad_request)

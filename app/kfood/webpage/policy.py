"""What the page's browser is allowed: nothing of any other host."""

# Pictures are the photo itself and its map (blob:), the font of the Hangul is part of a style sheet (data:).
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

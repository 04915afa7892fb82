"""Forms of the library, the upload, the categories and the buckets. They check shapes; the rules are in the services."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console.error_texts import translated
from jobs.engine.address import key_mistake
from jobs.engine.errors import Refused
from media_assets import upload_words
from media_assets.editing import Take
from media_assets.library import MediaFilter, categories
from media_assets.models import Bucket, Category, Media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files.uploadedfile import UploadedFile

TAGS_WIDGET = {"data-tags": "known-tags", "list": "known-tags", "autocomplete": "off"}
DURATIONS = [
    ("1m", gettext_lazy("Up to 1 minute")),
    ("10m", gettext_lazy("1 to 10 minutes")),
    ("1h", gettext_lazy("10 to 60 minutes")),
    ("long", gettext_lazy("Over 1 hour")),
]

TAKES = [
    (Take.NOTHING.value, gettext_lazy("Keep all files")),
    (Take.OUTPUTS.value, gettext_lazy("Also delete the outputs, pictures and previews")),
    (Take.ALL.value, gettext_lazy("Also delete the outputs, pictures, previews and the source")),
]


def category_choices(empty: Any) -> list[tuple[str, Any]]:
    """The tree as options, indented."""
    return [("", empty), *((str(category.pk), "\u2003" * level + category.name) for category, level, _number in categories())]


class CategoryField(forms.TypedChoiceField):
    """One category of the tree, or none."""

    def __init__(self, *, empty: Any, **kwargs: Any) -> None:
        super().__init__(choices=lambda: category_choices(empty), coerce=_category, empty_value=None, required=False, **kwargs)


def _category(value: str) -> Category | None:
    return Category.objects.filter(pk=value).first()


class MediaFilterForm(forms.Form):
    """The filter bar of the library; every field may be empty."""

    q = forms.CharField(
        label=gettext_lazy("Search"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    match = forms.ChoiceField(label=gettext_lazy("Words"), required=False, choices=[("", gettext_lazy("Any word")), ("all", gettext_lazy("All words"))])
    category = CategoryField(label=gettext_lazy("Category"), empty=gettext_lazy("All categories"))
    tag = forms.CharField(
        label=gettext_lazy("Tag"), required=False, max_length=32, widget=forms.TextInput(attrs={"type": "search", "data-ime": "", "autocomplete": "off"})
    )
    state = forms.ChoiceField(label=gettext_lazy("Publish state"), required=False, choices=[("", gettext_lazy("All")), *Media.State.choices])
    failed = forms.ChoiceField(label=gettext_lazy("Jobs"), required=False, choices=[("", gettext_lazy("All")), ("1", gettext_lazy("With a failed job"))])
    duration = forms.ChoiceField(
        label=gettext_lazy("Duration"),
        required=False,
        choices=[("", gettext_lazy("Any length")), *DURATIONS],
    )
    since = forms.DateField(label=pgettext_lazy("date", "From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label=pgettext_lazy("date", "To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def wanted(self, sort: str) -> MediaFilter:
        """The filter for the query; a field that cannot be read asks nothing."""
        self.is_valid()
        got = self.cleaned_data
        return MediaFilter(
            q=got.get("q", ""),
            match=got.get("match", ""),
            category=got.get("category"),
            tag=got.get("tag", ""),
            state=got.get("state", ""),
            length=got.get("duration", ""),
            since=got.get("since"),
            until=got.get("until"),
            sort=sort,
        )


class MediaForm(forms.Form):
    """What people say about a media."""

    title = forms.CharField(label=gettext_lazy("Title"), required=False, help_text=gettext_lazy("At most 128 bytes. Empty: the file name is shown."))
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text=gettext_lazy("At most 1,024 bytes.")
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        help_text=gettext_lazy("Separated by commas; at most 16, each at most 32 bytes."),
        widget=forms.TextInput(attrs=TAGS_WIDGET),
    )
    category = CategoryField(label=gettext_lazy("Category"), empty=gettext_lazy("None"))

    def clean_tags(self) -> list[str]:
        """The words; full-width commas separate too."""
        return [word for word in re.split(r"\s*[,，、]\s*", self.cleaned_data["tags"].strip()) if word]


class CoverForm(forms.Form):
    """A picture of one's own as the cover. What is in it is looked at by :mod:`media_assets.covers`."""

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        allow_empty_file=True,
        help_text=gettext_lazy("JPEG, PNG or WebP, at most 10 MB and 50 million pixels. It is kept as a JPEG of at most 1,920 pixels a side."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )


class RemoveForm(forms.Form):
    """What goes with a media that is removed."""

    take = forms.ChoiceField(
        label=gettext_lazy("What to delete"),
        initial=Take.NOTHING,
        widget=forms.RadioSelect,
        choices=TAKES,
    )

    def __init__(self, *args: Any, may_delete: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_delete:
            self.fields["take"] = forms.ChoiceField(label=self.fields["take"].label, initial=Take.NOTHING, widget=forms.RadioSelect, choices=TAKES[:1])


class CategoryForm(forms.Form):
    """A new category, or a new name and place of one."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, help_text=gettext_lazy("At most 64 bytes."))
    parent = CategoryField(label=gettext_lazy("Inside"), empty=gettext_lazy("Top level"))


class CategoryDeleteForm(forms.Form):
    """Where the media of a category go that is deleted."""

    move_to = CategoryField(label=gettext_lazy("Its media go to"), empty=gettext_lazy("No category"))


class BucketForm(forms.Form):
    """A bucket to bind, or changes to one (then without name and driver, and only with what its driver has)."""

    STORE = ("endpoint", "region", "remote", "prefix", "path_style", "access_key_id", "secret", "public_endpoint", "direct_uploads", "direct_links")

    name = forms.CharField(label=gettext_lazy("Name"), max_length=63, help_text=gettext_lazy("3 to 63 characters: a–z, 0–9 and -."))
    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        required=False,
        max_length=1024,
        help_text=gettext_lazy("Full path of a folder on the server. Empty: a folder of the bucket's name in the data folder."),
    )
    driver = forms.ChoiceField(label=gettext_lazy("Driver"), required=False, initial="local", widget=forms.RadioSelect, choices=Bucket.Driver.choices)
    endpoint = forms.CharField(
        label=gettext_lazy("Endpoint"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("Address of the store, e.g. https://s3.example.org:9000. Empty: AWS in the region."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    region = forms.CharField(
        label=gettext_lazy("Region"), required=False, max_length=63, help_text=gettext_lazy("For example: eu-central-1. Empty: us-east-1.")
    )
    remote = forms.CharField(label=gettext_lazy("Bucket in the store"), required=False, max_length=255, help_text=gettext_lazy("Empty: the same name."))
    prefix = forms.CharField(  # type: ignore[assignment]  # forms take their fields out of the class, so nothing is hidden
        label=gettext_lazy("Prefix"),
        required=False,
        max_length=512,
        help_text=gettext_lazy("A folder of the bucket that alone is used. Empty: the whole bucket."),
    )
    path_style = forms.BooleanField(
        label=gettext_lazy("Path style"),
        required=False,
        initial=True,
        help_text=gettext_lazy("The bucket's name stands in the path, not in the host name. On for MinIO and most others, off for AWS and Alibaba OSS."),
    )
    access_key_id = forms.CharField(
        label=gettext_lazy("Access key id"), required=False, max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret access key"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("Kept encrypted and never shown again. When changing a bucket, empty: the secret stays."),
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )
    public_endpoint = forms.CharField(
        label=gettext_lazy("Endpoint for browsers"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("Where browsers reach the store, if that is another address. Empty: the endpoint."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    direct_uploads = forms.BooleanField(
        label=gettext_lazy("Uploads go straight to the store"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Browsers send files to signed addresses. Where the store does not let them (CORS), files go through Reelmill."),
    )
    direct_links = forms.BooleanField(
        label=gettext_lazy("Downloads come straight from the store"),
        required=False,
        help_text=gettext_lazy("Who may have a file is sent to a signed address of the store. Pages of the console still play through Reelmill."),
    )
    is_input = forms.BooleanField(label=gettext_lazy("Input"), required=False, initial=True, help_text=gettext_lazy("Jobs may read from it; uploads go here."))
    is_output = forms.BooleanField(label=gettext_lazy("Output"), required=False, help_text=gettext_lazy("Jobs may write to it."))

    def __init__(self, *args: Any, bucket: Bucket | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if bucket is not None:
            out = ("folder",) if bucket.driver == Bucket.Driver.S3 else self.STORE
            for name in ("name", "driver", *out):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A bucket is for something. What belongs to the other driver is not looked at."""
        cleaned = super().clean() or self.cleaned_data
        if "driver" in self.fields:
            cleaned["driver"] = cleaned.get("driver") or Bucket.Driver.LOCAL
            for name in ("folder",) if cleaned["driver"] == Bucket.Driver.S3 else self.STORE:
                cleaned.pop(name, None)
        if not cleaned.get("is_input") and not cleaned.get("is_output"):
            self.add_error("is_input", _("Choose input, output or both."))
        return cleaned


class ManyFilesInput(forms.FileInput):
    """A file chooser for several files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        """All files of that name, not only the last."""
        return list(files.getlist(name)) if files else []


class ManyFilesField(forms.FileField):
    """All files that were chosen."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """At least one file; an empty one is accepted here and refused by what reads it."""
        files: list[UploadedFile[Any]] = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if not files and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class UploadForm(forms.Form):
    """Upload without JavaScript, and the settings that the script reads."""

    bucket = forms.ChoiceField(label=gettext_lazy("Bucket"))
    folder = forms.CharField(
        label=gettext_lazy("Folder in the bucket"), required=False, max_length=512, help_text=gettext_lazy("For example: 2026/talks. Empty: the top.")
    )
    if_exists = forms.ChoiceField(
        label=gettext_lazy("If the name exists"),
        initial="keep_both",
        choices=[("keep_both", gettext_lazy("Keep both")), ("replace", gettext_lazy("Replace")), ("skip", gettext_lazy("Skip the file"))],
    )
    template = forms.ChoiceField(label=gettext_lazy("Transcode with"), required=False)
    file = ManyFilesField(label=gettext_lazy("Files"))
    title = forms.CharField(label=gettext_lazy("Title"), required=False, max_length=128, help_text=gettext_lazy("For one file. Empty: its name."))
    tags = forms.CharField(
        label=gettext_lazy("Tags"), required=False, help_text=gettext_lazy("For all files, separated by commas."), widget=forms.TextInput(attrs=TAGS_WIDGET)
    )

    def __init__(self, *args: Any, templates: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["template"]
        bucket = self.fields["bucket"]
        assert isinstance(chosen, forms.ChoiceField) and isinstance(bucket, forms.ChoiceField)  # noqa: S101, PT018  for the type checker
        chosen.choices = [*templates, ("", gettext_lazy("Nothing: only upload"))]
        chosen.initial = templates[0][0] if templates else ""
        names = list(Bucket.objects.filter(is_input=True).values_list("name", flat=True))
        bucket.choices = [(name, name) for name in names]
        bucket.initial = "input" if "input" in names else None

    def clean_tags(self) -> list[str]:
        """The words, as a media may have them."""
        try:
            return upload_words.tags(self.cleaned_data["tags"])
        except Refused as error:
            raise forms.ValidationError([problem.message for problem in error.problems]) from None

    def clean_folder(self) -> str:
        """Without slashes at its ends; a folder that no object may have is refused."""
        folder: str = self.cleaned_data["folder"].strip("/")
        if folder and (mistake := key_mistake(folder)):
            raise forms.ValidationError(translated(mistake))
        return folder

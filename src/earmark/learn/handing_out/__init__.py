"""Labels out: what reviewers found out, in the forms that other tools read. No sound, and nothing about whose it is.

written = await hand_out(stores, form="nemo", to=folder)     # earmark labels export
written = await hand_out_dataset(stores, version, form="nemo", to=folder)    # earmark datasets export
"""

from earmark.learn.handing_out.forms import FORMS, Form
from earmark.learn.handing_out.writing import STDOUT, Written, hand_out, hand_out_dataset

__all__ = ["FORMS", "STDOUT", "Form", "Written", "hand_out", "hand_out_dataset"]

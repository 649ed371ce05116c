"""Articles as folders of Markdown and HTML files with front matter: taken in, and written out again."""
